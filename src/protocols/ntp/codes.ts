// NTP codes: modes and what a probe believes of the header.
// Source: RFC 5905 sections 7.3 and 9.2, RFC 1305 appendix B (control messages).

export const NtpMode = { active: 1, passive: 2, client: 3, server: 4, broadcast: 5, control: 6, private: 7 } as const

/** Highest version in use, and the lowest that has this header (RFC 5905 section 7.3). */
export const NTP_VERSION_MIN = 1
export const NTP_VERSION_MAX = 4
/** 16: not synchronised (figure 11). */
export const NTP_STRATUM_MAX = 16
/** RFC 5905 section 7.2: MAXPOLL is 17. */
export const NTP_POLL_MAX = 17
