// Packets: UDP datagrams over IPv4, whole or in fragments, and a pcap file of them, for tests that need a capture and not a session.
// Keeps the rule that test traffic uses documentation addresses (RFC 5737).

const LINKTYPE_IPV4 = 228
const IP_HEADER_BYTES = 20
const UDP_HEADER_BYTES = 8

/** A datagram between 192.0.2.10 (the client) and 192.0.2.53, checksums left 0 as a capture at the sender shows them. */
export function datagram(message: Uint8Array, fromClient: boolean, clientPort: number, serverPort: number): Uint8Array {
  const bytes = new Uint8Array(IP_HEADER_BYTES + UDP_HEADER_BYTES + message.length)
  const view = new DataView(bytes.buffer)
  bytes.set([0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17])
  view.setUint16(2, bytes.length)
  bytes.set([192, 0, 2, fromClient ? 10 : 53, 192, 0, 2, fromClient ? 53 : 10], 12)
  view.setUint16(20, fromClient ? clientPort : serverPort)
  view.setUint16(22, fromClient ? serverPort : clientPort)
  view.setUint16(24, UDP_HEADER_BYTES + message.length)
  bytes.set(message, IP_HEADER_BYTES + UDP_HEADER_BYTES)
  return bytes
}

/** The packet of datagram() in IP fragments of `payloadBytes` (a multiple of 8), with IP identification `id`. */
export function fragments(packet: Uint8Array, payloadBytes: number, id: number): Uint8Array[] {
  const count = Math.ceil((packet.length - IP_HEADER_BYTES) / payloadBytes)
  return Array.from({ length: count }, (_, i) => {
    const from = IP_HEADER_BYTES + i * payloadBytes
    const bytes = Uint8Array.from([...packet.slice(0, IP_HEADER_BYTES), ...packet.slice(from, from + payloadBytes)])
    const view = new DataView(bytes.buffer)
    view.setUint16(2, bytes.length)
    view.setUint16(4, id)
    view.setUint16(6, (i * payloadBytes) / 8 + (i < count - 1 ? 0x2000 : 0))
    return bytes
  })
}

/** A pcap file of these packets, one second apart. */
export function pcapOf(packets: readonly Uint8Array[]): Uint8Array {
  const file = new Uint8Array(24 + packets.reduce((sum, p) => sum + 16 + p.length, 0))
  const view = new DataView(file.buffer)
  for (const [at, word] of [[0, 0xa1b2c3d4], [4, 0x00020004], [16, 65535], [20, LINKTYPE_IPV4]] as const) view.setUint32(at, word)
  let at = 24
  for (const [i, packet] of packets.entries()) {
    for (const [k, word] of [i + 1, 0, packet.length, packet.length].entries()) view.setUint32(at + 4 * k, word)
    file.set(packet, at + 16)
    at += 16 + packet.length
  }
  return file
}
