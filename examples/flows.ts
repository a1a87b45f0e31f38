// Example: the wire layer alone. Prints every flow of a capture with its Community ID, as a table other tools can join on.
// Run it: node examples/flows.ts ward.pcap

import fs from 'node:fs'
import { createCaptureReader } from '../src/wire/capture/reader.ts'
import { beginFrame, decodeFrame } from '../src/wire/decode.ts'
import { FlowTable } from '../src/wire/flow-table.ts'
import { Frame, FrameStatus } from '../src/wire/frame.ts'

const file = process.argv[2]
if (file === undefined) {
  console.error('usage: flows.ts CAPTURE')
  process.exit(2)
}

const frame = new Frame()
let number = 0
const flows = new FlowTable({
  onEnd: (f) => console.log([f.communityId(), `${f.src}:${f.srcPort}`, `${f.dst}:${f.dstPort}`, f.proto, f.state, f.packets.join('/')].join('\t')),
})
const reader = createCaptureReader({
  packet(buf, off, end, at, wireLength, linkType) {
    beginFrame(frame, ++number, at, wireLength, end - off)
    if (decodeFrame(buf, off, end, linkType, frame) >= FrameStatus.network) flows.observe(frame)
  },
})
reader.push(fs.readFileSync(file))
for (const problem of reader.end().problems) console.error(problem.message)
flows.finish()
