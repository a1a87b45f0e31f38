// Tests of captures on their way out of the browser: both halves of the work, the queue, errors, the limit.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Analysis } from '../../../src/console/api.ts'
import { wardAnalysis } from '../../../src/testing/fixture-ward.ts'
import type { Answer } from './client.ts'
import { type CaptureFile, createUploads, type Uploads } from './uploads.ts'

interface Sent {
  readonly file: CaptureFile
  readonly mark: string
  readonly onSent: (done: number, total: number) => void
  readonly answer: (value: Answer<Analysis>) => Promise<void>
}

function setting(limit: number | null = null): { uploads: Uploads<CaptureFile>; sent: Sent[]; analysed: string[]; steps: string[] } {
  const sent: Sent[] = []
  const analysed: string[] = []
  const uploads = createUploads<CaptureFile>({
    send: (file, mark, onSent) => new Promise((resolve) => {
      sent.push({ file, mark, onSent, answer: async (value) => {
        resolve(value)
        await new Promise(setImmediate)
      } })
    }),
    newMark: () => `m${sent.length}`,
    onAnalysed: (analysis) => analysed.push(analysis.name),
    limitBytes: () => limit,
  })
  const steps: string[] = []
  uploads.subscribe(() => steps.push(uploads.state().step))
  return { uploads, sent, analysed, steps }
}

const file = (name: string, size = 100): CaptureFile => ({ name, size })
const good = (name: string): Answer<Analysis> => ({ ok: true, value: wardAnalysis('an', name) })
const bad: Answer<Analysis> = { ok: false, error: { code: 'capture/not-a-capture', message: 'no', help: 'save as pcap' } }

describe('uploads', () => {
  it('send, read and end', async () => {
    const { uploads, sent, analysed, steps } = setting()
    uploads.add([file('a.pcap')])
    assert.deepEqual(uploads.state(), { step: 'sending', name: 'a.pcap', done: 0, total: 100, waiting: 0 })
    sent[0]?.onSent(40, 100)
    sent[0]?.onSent(100, 100)
    uploads.progress({ upload: 'm0', analysis: 'an', bytesRead: 50, bytesTotal: 100, packets: 3 })
    assert.deepEqual(uploads.state(), { step: 'reading', name: 'a.pcap', done: 50, total: 100, packets: 3, waiting: 0 })
    sent[0]?.onSent(100, 100)
    assert.equal(uploads.state().step, 'reading')
    await sent[0]?.answer(good('a.pcap'))
    assert.deepEqual(analysed, ['a.pcap'])
    assert.deepEqual(steps, ['sending', 'sending', 'reading', 'reading', 'idle'])
  })

  it('ignore the progress of others', () => {
    const { uploads } = setting()
    uploads.progress({ upload: 'm0', analysis: 'an', bytesRead: 1, bytesTotal: 2, packets: 0 })
    assert.equal(uploads.state().step, 'idle')
    uploads.add([file('a.pcap')])
    uploads.progress({ upload: 'other', analysis: 'an', bytesRead: 1, bytesTotal: 2, packets: 0 })
    uploads.progress({ analysis: 'an', bytesRead: 1, bytesTotal: 2, packets: 0 })
    assert.equal(uploads.state().step, 'sending')
  })

  it('go one after the other', async () => {
    const { uploads, sent, analysed } = setting()
    uploads.add([file('a.pcap'), file('b.pcap')])
    uploads.add([file('c.pcap')])
    assert.equal(sent.length, 1)
    sent[0]?.onSent(1, 100)
    assert.deepEqual(uploads.state(), { step: 'sending', name: 'a.pcap', done: 1, total: 100, waiting: 2 })
    await sent[0]?.answer(good('a.pcap'))
    await sent[1]?.answer(good('b.pcap'))
    await sent[2]?.answer(good('c.pcap'))
    assert.deepEqual(analysed, ['a.pcap', 'b.pcap', 'c.pcap'])
    assert.equal(new Set(sent.map((one) => one.mark)).size, 3)
  })

  it('stop at an error until it is dismissed, then go on', async () => {
    const { uploads, sent } = setting()
    uploads.add([file('letter.txt'), file('b.pcap')])
    await sent[0]?.answer(bad)
    const error = { code: 'capture/not-a-capture', message: 'no', help: 'save as pcap' }
    assert.deepEqual(uploads.state(), { step: 'failed', name: 'letter.txt', error })
    assert.equal(sent.length, 1)
    uploads.dismiss()
    assert.equal(sent.length, 2)
    assert.equal(uploads.state().step, 'sending')
  })

  it('go on with a new file dropped on an error', async () => {
    const { uploads, sent } = setting()
    uploads.add([file('letter.txt')])
    await sent[0]?.answer(bad)
    uploads.add([file('a.pcap')])
    assert.equal(uploads.state().step, 'sending')
    uploads.dismiss()
    assert.equal(uploads.state().step, 'sending', 'there is no error to dismiss')
  })

  it('do not send what the server will not take', async () => {
    const { uploads, sent } = setting(99)
    uploads.add([file('big.pcap')])
    await new Promise(setImmediate)
    const state = uploads.state()
    assert.equal(state.step === 'failed' && state.error.code, 'too-large')
    assert.equal(sent.length, 0)
  })

  it('take an empty file', async () => {
    const { uploads, sent } = setting()
    uploads.add([file('empty.pcap', 0)])
    assert.equal(uploads.state().step, 'sending')
    await sent[0]?.answer(bad)
    assert.equal(uploads.state().step, 'failed')
  })

  it('do nothing without files', () => {
    const { uploads, steps } = setting()
    uploads.add([])
    assert.deepEqual(steps, [])
  })
})
