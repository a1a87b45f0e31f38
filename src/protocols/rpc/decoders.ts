// Which table reads which program and version. A program without a table is named by codes.ts and otherwise left alone.
// Keeps the rule that a registry is data: adding a program is adding a line.

import { Program } from './codes.ts'
import { NLM, NSM, RQUOTA } from './locks.ts'
import { MOUNT1, MOUNT3 } from './mount.ts'
import { NFS2 } from './nfs2.ts'
import { NFS3 } from './nfs3.ts'
import { NFS4 } from './nfs4.ts'
import { PORTMAP2, RPCBIND } from './portmap.ts'
import type { ProcedureRow, ProcedureTable } from './procedure.ts'

const TABLES: { readonly [program: number]: { readonly [version: number]: ProcedureTable } } = {
  [Program.portmap]: { 2: PORTMAP2, 3: RPCBIND, 4: RPCBIND },
  [Program.mount]: { 1: MOUNT1, 2: MOUNT1, 3: MOUNT3 },
  [Program.nlm]: { 1: NLM, 2: NLM, 3: NLM, 4: NLM },
  [Program.nsm]: { 1: NSM },
  [Program.rquota]: { 1: RQUOTA, 2: RQUOTA },
  [Program.nfs]: { 2: NFS2, 3: NFS3, 4: NFS4 },
}

/** How to read this procedure, or undefined when it is not decoded. */
export function procedureRow(program: number, version: number, procedure: number): ProcedureRow | undefined {
  return TABLES[program]?.[version]?.[procedure]
}
