// Answer: what a receiver's word about one message means, the same for MLLP and FHIR.
// Keeps the rule that its words hold codes and places of known tables only, never text of the receiver.

export type Answer =
  | { readonly kind: 'delivered' }
  /** Never taken: set apart with these words. */
  | { readonly kind: 'refused'; readonly why: string }
  /** To be sent again after at least `leastMs`. `isOfMessage`: it may be this message alone that is never taken, so its tries are counted. */
  | { readonly kind: 'later'; readonly why: string; readonly leastMs: number; readonly isOfMessage: boolean }
  /** It says nothing that can be believed: the connection is given up, the message is ambiguous. */
  | { readonly kind: 'unfit'; readonly why: string }
