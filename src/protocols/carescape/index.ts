// CARESCAPE: the registry row. GE monitors and centrals announcing themselves on the Unity or CARESCAPE network.
// Keeps a cheap probe: four bytes refuse nearly everything, then every field must fit.

import type { ProtocolRow } from '../protocol.ts'
import { isDiscovery } from './message.ts'
import { openCarescape } from './session.ts'

export const carescape: ProtocolRow = {
  id: 'carescape',
  name: 'GE CARESCAPE discovery',
  transports: ['udp'],
  hints: [7000],
  probe: (_transport, _direction, buf, off, end) => (isDiscovery(buf, off, end) ? 'yes' : 'no'),
  open: openCarescape,
}
