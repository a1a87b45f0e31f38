// Vendor table: names of makers as labels, CMMS lists and advisories write them, one row per house. Data; vendors.ts reads it.
// Keeps the rule that a shared name proves nothing: `Contec` is a Chinese maker of monitors and a Japanese one of industrial computers.

export interface VendorRow {
  readonly id: string
  /** Folded words, without legal forms (vendors.ts). A name may stand in several rows: a house bought another's product line. */
  readonly names: readonly string[]
}

/**
 * Names in use for quite different goods too (a television, a lamp, an oven, a factory computer). With one of these the product's own
 * name has to be telling: a plain word of the language is not enough.
 */
export const SHARED_NAMES: ReadonlySet<string> = new Set([
  'abbott', 'baxter', 'contec', 'current', 'general electric', 'ge', 'hamilton', 'johnson and johnson', 'philips', 'royal philips', 'koninklijke philips',
  'philips electronics', 'siemens', 'fujifilm', 'roche', 'capsule',
])

export const VENDOR_ROWS: readonly VendorRow[] = [
  { id: 'abbott', names: ['abbott', 'abbott laboratories', 'abbott medical', 'st jude', 'st jude medical', 'saint jude medical', 'sjm'] },
  { id: 'alivecor', names: ['alivecor'] },
  { id: 'b-braun', names: ['b braun', 'bbraun', 'b braun medical', 'b braun melsungen', 'braun melsungen', 'aesculap'] },
  {
    id: 'baxter',
    names: [
      'baxter', 'baxter healthcare', 'baxter international', 'baxter medical', 'hillrom', 'hill rom', 'hillrom and eli', 'welch allyn', 'welchallyn',
      'mortara', 'mortara instrument', 'sigma international', 'gambro', 'eli', 'vantive',
    ],
  },
  {
    id: 'bd',
    names: [
      'bd', 'becton dickinson', 'becton dickinson and', 'becton dickinson and company', 'becton dickinson and company bd', 'becton dickinson bd', 'bd medical',
      'bd biosciences', 'bd kiestra', 'bd rowa', 'carefusion', 'cardinal health alaris', 'alaris medical', 'alaris medical systems', 'cme medical', 'cme',
      'caesarea medical electronics',
    ],
  },
  { id: 'beaconmedaes', names: ['beaconmedaes', 'beacon medaes'] },
  { id: 'biotronik', names: ['biotronik'] },
  { id: 'boston-scientific', names: ['boston scientific', 'guidant'] },
  { id: 'bpl', names: ['bpl', 'bpl medical', 'bpl medical technologies'] },
  // Philips bought it.
  {
    id: 'capsule',
    names: [
      'capsule', 'capsule tech', 'capsule technologies', 'capsule technologie', 'qualcomm life', 'qualcomm life capsule', 'philips capsule', 'philips',
      'philips healthcare',
    ],
  },
  { id: 'carestream', names: ['carestream', 'carestream health'] },
  { id: 'change-healthcare', names: ['change healthcare', 'mckesson', 'horizon medical imaging', 'peervue'] },
  {
    id: 'contec-medical',
    names: [
      'contec', 'contec health', 'contec medical', 'contec medical systems', 'qinhuangdao contec', 'qinhuangdao contec medical systems', 'contecmed',
      'contec medical system',
      '康泰医学', '康泰医学系统', '康泰医学系统 秦皇岛 股份有限公司', '秦皇岛康泰医学系统', '秦皇岛康泰医学系统有限公司',
      '秦皇岛康泰医学系统股份有限公司',
    ],
  },
  { id: 'contec-japan', names: ['contec', 'contec japan', 'contec americas', 'contec dtx', 'daifuku contec'] },
  { id: 'draeger', names: ['drager', 'draeger', 'drager medical', 'draeger medical', 'dragerwerk', 'draegerwerk', 'drager medical systems',
    'draeger medical systems'] },
  { id: 'epsimed', names: ['epsimed'] },
  { id: 'fresenius-kabi', names: ['fresenius kabi', 'fresenius', 'fresenius vial'] },
  { id: 'fujifilm', names: ['fujifilm', 'fuji', 'fujifilm healthcare', 'fujifilm medical systems'] },
  {
    id: 'ge-healthcare',
    names: [
      'ge', 'general electric', 'general electric ge', 'ge healthcare', 'gehc', 'ge health care', 'ge medical systems', 'ge medical',
        'ge healthcare technologies',
      'general electric medical systems', 'general electric healthcare', 'ge medical systems information technologies', 'ge medical systems it',
      'ge medical systems ultrasound and primary care diagnostics', 'ge ultrasound', 'ge precision healthcare', 'ge vingmed', 'ge vingmed ultrasound',
      'gems', 'datex ohmeda', 'ge datex ohmeda', 'marquette', 'ge marquette',
    ],
  },
  { id: 'hamilton-medical', names: ['hamilton', 'hamilton medical'] },
  { id: 'illumina', names: ['illumina'] },
  // The second spelling is how the advisory's file writes it: UTF-8 read as Latin-1.
  { id: 'innokas', names: ['innokas', 'innokas medical', 'innokas yhtyma', 'innokas yhtymaa'] },
  { id: 'insulet', names: ['insulet'] },
  { id: 'i-sens', names: ['i sens', 'isens'] },
  { id: 'johnson-johnson', names: ['johnson and johnson', 'ethicon', 'ethicon endo surgery', 'j and j'] },
  { id: 'medtronic', names: ['medtronic', 'covidien', 'valleylab', 'medtronic minimed', 'minimed'] },
  { id: 'microdicom', names: ['microdicom'] },
  { id: 'natus', names: ['natus', 'natus medical', 'natus medical natus', 'natus neurology', 'xltek'] },
  { id: 'openclinic', names: ['openclinic', 'openclinic ga'] },
  { id: 'orthanc', names: ['orthanc', 'osimis', 'orthanc osimis', 'orthanc team'] },
  {
    id: 'philips',
    // `phillips` is how two of the advisories write it. Vue PACS was Carestream's before.
    names: [
      'philips', 'phillips', 'philips healthcare', 'philips medical systems', 'philips medizin systeme', 'philips medizin systeme boblingen',
      'philips medizin systeme boeblingen', 'philips medical',
      'philips medizinsysteme', 'philips healthcare informatics', 'philips electronics', 'philips ultrasound', 'philips imaging',
      'royal philips', 'koninklijke philips', 'philips respironics', 'respironics', 'carestream', 'carestream health', 'volcano', 'philips volcano',
    ],
  },
  { id: 'roche', names: ['roche', 'roche diagnostics'] },
  { id: 'siemens', names: ['siemens', 'siemens healthcare', 'siemens healthineers', 'siemens medical solutions', 'siemens medical',
    'siemens healthcare diagnostics', 'siemens medical systems'] },
  { id: 'silex', names: ['silex', 'silex technology'] },
  { id: 'smiths-medical', names: ['smiths', 'smiths medical', 'smiths medical asd', 'icu medical', 'medex'] },
  { id: 'sooil', names: ['sooil', 'sooil developments', 'sooil development', 'dana diabecare'] },
  { id: 'spacelabs', names: ['spacelabs', 'spacelabs healthcare', 'spacelabs medical'] },
  { id: 'stryker', names: ['stryker', 'stryker medical'] },
  { id: 'swisslog', names: ['swisslog', 'swisslog healthcare', 'translogic'] },
  { id: 'vyaire', names: ['vyaire', 'vyaire medical', 'carefusion'] },
  { id: 'wind-river', names: ['wind river', 'wind river systems'] },
  { id: 'ypsomed', names: ['ypsomed'] },
  { id: 'zoll', names: ['zoll', 'zoll medical'] },
]
