// The rules, as an array of rows. Order is the order of evaluation; findings are sorted later.

import type { Rule } from './rule.ts'
import { addressClaimedTwice } from './rules/address-claimed-twice.ts'
import { inboundUdp } from './rules/inbound-udp.ts'
import { indicatorContact } from './rules/indicator-contact.ts'
import { namePoisoning } from './rules/name-poisoning.ts'
import { oldFileSharing } from './rules/old-file-sharing.ts'
import { oneCardTwoAddresses } from './rules/one-card-two-addresses.ts'
import { passwordGuessing } from './rules/password-guessing.ts'
import { passwordInClear } from './rules/password-in-clear.ts'
import { patientDataInClear } from './rules/patient-data-in-clear.ts'
import { rogueRouter } from './rules/rogue-router.ts'
import { secondDhcpServer } from './rules/second-dhcp-server.ts'
import { serverPayload } from './rules/server-payload.ts'
import { streamsLost } from './rules/streams-lost.ts'
import { talksOutside } from './rules/talks-outside.ts'
import { unencryptedAdministration } from './rules/unencrypted-administration.ts'
import { updateAttempted } from './rules/update-attempted.ts'
import { updatePulled } from './rules/update-pulled.ts'

export const RULES: readonly Rule[] = [
  talksOutside, indicatorContact, patientDataInClear, updatePulled, updateAttempted,
  serverPayload, addressClaimedTwice, oneCardTwoAddresses, inboundUdp, streamsLost,
  unencryptedAdministration, oldFileSharing, passwordInClear, passwordGuessing, rogueRouter, secondDhcpServer, namePoisoning,
]
