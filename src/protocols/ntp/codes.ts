// NTP codes: modes and what a probe believes of the header.
// Source: RFC 5905 sections 7.3 and 9.2, RFC 9327 (control messages), ntp_request.h of ntpd (private ones, which no RFC has).

export const NtpMode = { active: 1, passive: 2, client: 3, server: 4, broadcast: 5, control: 6, private: 7 } as const

/** Highest version in use, and the lowest that has this header (RFC 5905 section 7.3). */
export const NTP_VERSION_MIN = 1
export const NTP_VERSION_MAX = 4
/** 16: not synchronised (figure 11). */
export const NTP_STRATUM_MAX = 16
/** RFC 5905 section 7.2: MAXPOLL is 17. */
export const NTP_POLL_MAX = 17

/** RFC 9327 section 2. */
export const ControlOperation = { readVariables: 2, recentClients: 10 } as const
const CONTROL_OPERATIONS: ReadonlyMap<number, string> = new Map([
  [1, 'read-status'], [2, 'read-variables'], [3, 'write-variables'], [4, 'read-clock'], [5, 'write-clock'], [6, 'set-trap'], [7, 'trap'],
  [8, 'configure'], [9, 'save-configuration'], [10, 'recent-clients'], [11, 'ordered-list'], [12, 'nonce'], [31, 'unset-trap'],
])

export const PrivateRequest = { monitorList: 20, monitorListNew: 42 } as const
/** ntpd's private requests; those that were never used have no name. */
const PRIVATE_REQUESTS: ReadonlyMap<number, string> = new Map([
  [0, 'peer-list'], [1, 'peer-summary'], [2, 'peer-info'], [3, 'peer-statistics'], [4, 'system-info'], [5, 'system-statistics'], [6, 'io-statistics'],
  [7, 'memory-statistics'], [8, 'loop-info'], [9, 'timer-statistics'], [10, 'configure-peer'], [11, 'unconfigure-peer'], [12, 'set-flags'],
  [13, 'clear-flags'], [16, 'restrict-list'], [17, 'restrict-add'], [18, 'restrict-remove'], [19, 'unrestrict'], [20, 'monitor-list'],
  [21, 'reset-statistics'], [22, 'reset-peer'], [23, 'reread-keys'], [26, 'trust-key'], [27, 'untrust-key'], [28, 'authentication-info'], [29, 'traps'],
  [30, 'add-trap'], [31, 'clear-trap'], [32, 'request-key'], [33, 'control-key'], [34, 'control-statistics'], [36, 'clock-info'], [37, 'clock-fudge'],
  [38, 'kernel-info'], [39, 'clock-debug'], [42, 'monitor-list'], [44, 'interface-statistics'], [45, 'interface-reload'],
])
/** IMPL_UNIV, IMPL_XNTPD_OLD, IMPL_XNTPD of ntp_request.h. */
export const PRIVATE_IMPLEMENTATIONS: ReadonlySet<number> = new Set([0, 2, 3])
/** null for a number without a name. */
export function operationName(mode: 6 | 7, operation: number): string | null {
  return (mode === 6 ? CONTROL_OPERATIONS : PRIVATE_REQUESTS).get(operation) ?? null
}
