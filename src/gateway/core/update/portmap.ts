// portmap: PORTMAP version 2 (RFC 1833 section 3) as this server answers it. What DUMP lists decides what busybox mounts.
// Keeps the rules that nothing can be registered and nothing is called on anybody's behalf.

import { IpProto } from '../../../wire/frame.ts'
import { PortmapProc, Program } from '../../../protocols/rpc/codes.ts'
import { dumpResult, getportResult, voidResult, type PortMapping } from '../../../protocols/rpc/encode.ts'
import { XdrWriter } from '../../../protocols/rpc/xdr.ts'
import type { CallContext, Offer, Procedures } from './context.ts'

/** Version 3 of MOUNT belongs to version 3 of NFS, version 1 to version 2 (facts gateway D.5, 2). */
const MOUNT_OF_NFS: { readonly [V in 2 | 3]: number } = { 2: 1, 3: 3 }

/** UDP before TCP, as old servers list them: busybox up to 1.18 mounts by UDP. */
export function mappings(offer: Offer): PortMapping[] {
  return [IpProto.udp, IpProto.tcp].flatMap((protocol) => [
    { program: Program.portmap, version: 2, protocol, port: offer.ports.portmap },
    ...offer.nfsVersions.map((v) => ({ program: Program.mount, version: MOUNT_OF_NFS[v], protocol, port: offer.ports.mount })),
    ...offer.nfsVersions.map((version) => ({ program: Program.nfs, version, protocol, port: offer.ports.nfs })),
  ])
}

/** Port 0: not here. A version that is not listed is not here either. */
function getport({ r, offer }: CallContext): Uint8Array | 'garbage' {
  const program = r.u32()
  const version = r.u32()
  const protocol = r.u32()
  r.u32()
  if (r.fault !== null) return 'garbage'
  const found = mappings(offer).find((m) => m.program === program && m.version === version && m.protocol === protocol)
  return getportResult(found?.port ?? 0)
}

function refuseRegistration({ r }: CallContext): Uint8Array | 'garbage' {
  r.skip(16)
  return r.fault === null ? new XdrWriter().bool(false).bytes() : 'garbage'
}

/** RFC 1833 section 3.2: a call that fails is not answered, and here every one fails, whatever its arguments. */
export function callit(): 'silent' {
  return 'silent'
}

export const PORTMAP2: Procedures = {
  [PortmapProc.null]: voidResult,
  [PortmapProc.set]: refuseRegistration,
  [PortmapProc.unset]: refuseRegistration,
  [PortmapProc.getport]: getport,
  [PortmapProc.dump]: ({ offer }) => dumpResult(mappings(offer)),
  [PortmapProc.callit]: callit,
}
