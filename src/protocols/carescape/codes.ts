// CARESCAPE numbers: where the fields of a discovery message stand (GE's "RWHAT" of the Unity and CARESCAPE networks).
// Source: Vocera's CARESCAPE adapter guide (port, that it is a heartbeat), two independent programs that read and write it
// (a decoder of the Dash 4000, a bridge for the B450); GE has published ports and the word RWHAT, not the layout.

/** [C2] First four bytes in every sample of both programs. */
export const DISCOVERY_HEAD = 0x0104_0000
/** [C2] Byte offsets. */
export const DiscoveryAt = { address: 4, clock: 8, place: 12, patient: 28, count: 43, services: 44 } as const
/** [C2] `unit|bed`, NUL-padded; `LAST,FIRST`, NUL-padded; then a count of one byte and that many pairs. */
export const PLACE_BYTES = 16
export const PATIENT_BYTES = 15
/** [I] Each pair is a service number and a UDP port: in all samples the ports are those of the network (2000 and others). */
export const SERVICE_BYTES = 4
/** [C2] Seven and eight pairs were seen, and eleven fit the 88 bytes of the longest sample. */
export const SERVICES_MAX = 16
/** Up to the first pair. */
export const DISCOVERY_BYTES_MIN = 44
/** [C2] The longest sample has 88. */
export const DISCOVERY_BYTES_MAX = 128
