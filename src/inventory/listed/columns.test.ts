// Tests of lists with their columns guessed or told, and of NetBox's JSON in and out.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asset, CARD } from '../../testing/world.ts'
import { guessColumns, readListRows, type ColumnMap } from './columns.ts'
import { matchListed } from './match.ts'
import { readNetbox, writeNetbox } from './netbox.ts'

const MAP: ColumnMap = { columns: {}, retired: [], delimiter: null, encoding: null, headRow: 1 }

test('columns are recognised in several languages, below titles, each once', () => {
  const english = [['Exported 2026-01-05'], ['Asset Tag', 'Serial Number', 'Manufacturer', 'Model', 'IP Address', 'MAC Address', 'Status', 'Price']]
  assert.deepEqual(guessColumns(english), { headRow: 2, columns: {
    tag: 'Asset Tag', serial: 'Serial Number', vendor: 'Manufacturer', model: 'Model', status: 'Status', ip: 'IP Address', mac: 'MAC Address',
  } })
  assert.deepEqual(guessColumns([['Inventar-Nr.', 'Hersteller', 'Gerätetyp', 'Standort', 'Serien-Nr.', 'Bezeichnung']]).columns, {
    tag: 'Inventar-Nr.', serial: 'Serien-Nr.', vendor: 'Hersteller', model: 'Gerätetyp', description: 'Bezeichnung', location: 'Standort',
  })
  assert.deepEqual(guessColumns([["Numéro d'inventaire", 'N° de série', 'Adresse IP']]).columns, { tag: "Numéro d'inventaire", ip: 'Adresse IP' })
  assert.deepEqual(guessColumns([['a', 'b']]).columns, {})
})

test('rows become devices that can be found again; a told column that is missing is an error that names the others', () => {
  const rows = [['Tag', 'State'], ['T-1', 'Disposed'], ['', ''], ['T-2', 'in use']]
  const read = readListRows(rows, { ...MAP, columns: { tag: 'Tag', status: 'State' } }, 'ward.csv')
  assert.ok(read.ok)
  assert.deepEqual(read.value.devices.map((d) => [d.where, d.tag, d.status]), [['ward.csv row 2', 'T-1', 'retired'], ['ward.csv row 4', 'T-2', 'active']])
  assert.deepEqual([...read.value.byRow.keys()], [1, 3])
  const own = readListRows(rows, { ...MAP, columns: { tag: 'Tag', status: 'State' }, retired: ['In Use'] }, 'ward.csv')
  assert.deepEqual(own.ok && own.value.devices.map((d) => d.status), ['active', 'retired'])
  const wrong = readListRows(rows, { ...MAP, columns: { mac: 'MAC' } }, 'ward.csv')
  assert.equal(wrong.ok ? '' : wrong.error, 'the list has no column "MAC" (mac); its columns are: Tag, State')
})

const NETBOX = {
  devices: [
    { id: 1, name: 'mon-7', serial: 'SN-1', asset_tag: 'T-1', status: { value: 'active' }, site: { name: 'Main' }, location: { name: 'Ward 3' },
      device_type: { model: 'CMS8000', manufacturer: { name: 'Contec' } }, role: { name: 'Monitor' }, primary_ip4: { address: '10.0.0.5/24' } },
    { id: 2, name: 'old', status: { value: 'decommissioning' } },
  ],
  interfaces: { results: [{ device: { id: 1, name: 'mon-7' }, mac_address: '02:00:5E:00:00:01' }] },
  ip_addresses: [{ address: '10.0.1.5/24', assigned_object: { device: { name: 'mon-7' } } }, { address: '10.0.9.9/24', assigned_object: null }],
}

test('NetBox devices come with the addresses and cards of their interfaces', () => {
  const problems: string[] = []
  const devices = readNetbox(NETBOX, 'netbox.json', problems)
  assert.deepEqual(devices?.map((d) => [d.hostName, d.tag, d.vendor, d.model, d.location, d.status, d.ips, d.macs]), [
    ['mon-7', 'T-1', 'Contec', 'CMS8000', 'Main, Ward 3', 'active', ['10.0.0.5', '10.0.1.5'], ['02:00:5e:00:00:01']],
    ['old', null, null, null, null, 'retired', [], []],
  ])
  assert.deepEqual(problems, [])
  assert.equal(readNetbox({ results: NETBOX.devices }, 'n', [])?.length, 2)
  assert.equal(readNetbox(NETBOX.devices, 'n', [])?.length, 2)
  for (const other of [null, 4, {}, { device: 1 }]) assert.equal(readNetbox(other, 'n', []), null)
  assert.deepEqual(readNetbox([4, null, { name: 7 }], 'n', [])?.map((d) => d.hostName), ['7'])
})

test('NetBox of other years: role or device_role, flattened addresses, several cards, GraphQL, and a page that is not the whole', () => {
  const read = (body: unknown, problems: string[] = []): unknown[] | undefined =>
    readNetbox(body, 'n', problems)?.map((d) => [d.hostName, d.description, d.vendor, d.model, d.ips.join(' '), d.macs.join(' ')])
  const type = { model: 'X100', manufacturer: { name: 'Maker' } }
  // 3.x, 4.0, 4.2 with cards of their own, and an export with everything flat.
  assert.deepEqual(read({
    devices: [
      { id: 1, name: 'a', device_type: type, device_role: { name: 'Monitor' }, primary_ip4: { address: '10.0.0.1/24', family: 4 } },
      { id: 2, name: 'a', device_type: type, role: { name: 'Monitor' }, primary_ip4: null, primary_ip6: null },
      { id: 3, name: 'b', device_type: 'X100', manufacturer: 'Maker', role: 'Monitor', primary_ip: '10.0.0.3/24' },
    ],
    interfaces: [
      { device: { id: 1, name: 'a' }, mac_address: '02:00:00:00:00:01' },
      { device: { id: 2, name: 'a' }, mac_address: null, primary_mac_address: { mac_address: '02:00:00:00:00:02' },
        mac_addresses: [{ mac_address: '02:00:00:00:00:02' }, { mac_address: '02:00:00:00:00:03' }] },
      { device: { name: 'b' }, mac_address: '02:00:00:00:00:04' },
    ],
  }), [
    ['a', 'Monitor', 'Maker', 'X100', '10.0.0.1', '02:00:00:00:00:01'], ['a', 'Monitor', 'Maker', 'X100', '', '02:00:00:00:00:02 02:00:00:00:00:03'],
    ['b', 'Monitor', 'Maker', 'X100', '10.0.0.3', '02:00:00:00:00:04'],
  ])
  const graph = { device_list: [{ id: '7', name: 'g', status: 'active' }], interface_list: [{ device: { id: '7' }, mac_address: '02-00-00-00-00-07' }] }
  assert.deepEqual(read({ data: graph }), [['g', null, null, null, '', '02:00:00:00:00:07']])
  const problems: string[] = []
  read({ count: 120, next: 'https://netbox.example/api/dcim/devices/?offset=50', results: NETBOX.devices }, problems)
  assert.deepEqual(problems, ['n is one page of several: 2 of 120 devices; export with limit=0, or join the pages'])
  read({ count: 2, next: null, results: NETBOX.devices }, problems)
  assert.equal(problems.length, 1)
})

test('columns of one name, blanks and line ends in names, and German heads by a columns file', () => {
  const rows = [['Geräte-\nNr.', 'Serial ', 'Serial', 'Zustand'], ['T-1', 'S-1', 'S-2', 'Ausgemustert (12.03.2024)'], ['T-2', '#N/A', 'S-9', 'in Betrieb']]
  const read = readListRows(rows, { ...MAP, columns: { tag: 'Geräte- Nr.', serial: 'Serial', status: 'Zustand' } }, 'ward.csv')
  assert.ok(read.ok)
  assert.deepEqual(read.value.devices.map((d) => [d.tag, d.serial, d.status]), [['T-1', 'S-1', 'retired'], ['T-2', null, 'active']])
  assert.deepEqual(read.value.problems, ['the list has several columns "Serial" (serial); the first is read'])
})

test('a status is retired by its word, with a day behind it too; other words change its meaning', () => {
  const status = (text: string): string | undefined => {
    const read = readListRows([['Tag', 'Status'], ['T-1', text]], { ...MAP, columns: { tag: 'Tag', status: 'Status' } }, 'l')
    return read.ok ? read.value.devices[0]?.status : undefined
  }
  const gone = ['Retired', 'RETIRED ', 'retired 2021', 'Disposed on 3/4/22', 'ausgesondert: 01.02.2020', 'hors service (2019)']
  const here = ['Returned to service', 'not retired', 'retired from ICU, in use', 'active', '', 'sold as spare']
  for (const text of gone) assert.equal(status(text), 'retired', text)
  for (const text of here) assert.equal(status(text), 'active', text)
})

test('a workbook of several sheets: a cover is passed over, sheets with the same columns are read, others are told, and rows keep their numbers', () => {
  const head = ['Asset Tag', 'Serial Number', 'IP Address']
  const sheets = [
    [['Ward list'], ['of 2026']], [['West'], head, ['T-1', 'S-1', '10.0.0.1']], [['IP Address', 'Serial Number', 'Asset Tag'], ['10.0.0.2', 'S-2', 'T-2']],
    [['Status', 'Meaning'], ['A', 'active'], ['R', 'retired']],
  ]
  const rows = sheets.flat()
  const places = sheets.flatMap((sheet, s) => sheet.map((_, r) => ({ sheet: s + 1, row: r + 3 })))
  const guess = guessColumns(rows, places)
  assert.deepEqual(guess.headRow, 4)
  const read = readListRows(rows, { ...MAP, ...guess }, 'w.xlsx', places)
  assert.ok(read.ok)
  assert.deepEqual(read.value.devices.map((d) => [d.where, d.tag, d.serial, d.ips[0]]),
    [['w.xlsx sheet 2 row 5', 'T-1', 'S-1', '10.0.0.1'], ['w.xlsx sheet 3 row 4', 'T-2', 'S-2', '10.0.0.2']])
  assert.deepEqual(read.value.problems, ['sheet 1 has other columns and was left out', 'sheet 4 has other columns and was left out'])
})

test('what goes out in NetBox\'s shape comes in again as the same devices', () => {
  const assets = [
    { ...asset('printer', '10.0.0.5', null, CARD.monitor), label: 'mon' }, { ...asset('printer', '10.0.0.6', null, CARD.central), label: 'mon' },
    { ...asset('unknown', '203.0.113.5'), outside: true },
  ]
  const devices = readNetbox(NETBOX, 'netbox.json', [])
  assert.ok(devices)
  const out = writeNetbox(assets, matchListed(assets, devices).matches)
  const again = readNetbox(JSON.parse(JSON.stringify(out)), 'out.json', [])
  assert.deepEqual(again?.map((d) => [d.hostName, d.tag, d.serial, d.ips, d.macs]), [
    ['mon-7', 'T-1', 'SN-1', ['10.0.0.5'], ['02:00:5e:00:00:01']], ['mon', null, null, ['10.0.0.6'], ['02:00:5e:00:00:02']],
  ])
})
