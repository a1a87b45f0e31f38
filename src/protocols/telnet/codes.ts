// Telnet codes: commands and options by name.
// Source: RFC 854, RFC 855, IANA's registry of Telnet options.

export const TelnetCommand = { subEnd: 240, sub: 250, will: 251, wont: 252, do: 253, dont: 254, iac: 255 } as const

export const TelnetOption = { encrypt: 38 } as const

/** Sub-negotiation of encryption: from here on the sender's data is encrypted (RFC 2946 section 1). */
export const ENCRYPT_START = 3

const OPTION_NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'binary'], [1, 'echo'], [3, 'suppress-go-ahead'], [5, 'status'], [6, 'timing-mark'], [18, 'logout'], [23, 'send-location'],
  [24, 'terminal-type'], [25, 'end-of-record'], [31, 'window-size'], [32, 'terminal-speed'], [33, 'flow-control'], [34, 'line-mode'],
  [35, 'x-display'], [36, 'environment'], [37, 'authentication'], [38, 'encryption'], [39, 'new-environment'], [40, 'tn3270e'], [42, 'charset'],
  [44, 'com-port'], [45, 'suppress-local-echo'], [46, 'start-tls'], [70, 'mssp'], [85, 'compress'], [86, 'compress2'],
])

/** Highest number IANA has given out in sequence; three more stand alone at 138 to 140, and 255 is the extended list. */
const OPTION_IN_SEQUENCE_MAX = 49

export function isTelnetOption(option: number): boolean {
  return option <= OPTION_IN_SEQUENCE_MAX || OPTION_NAMES.has(option) || (option >= 138 && option <= 140)
}

/** `terminal-type`, or `option-49`. */
export function telnetOptionName(option: number): string {
  return OPTION_NAMES.get(option) ?? `option-${option}`
}
