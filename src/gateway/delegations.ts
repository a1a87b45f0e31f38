// delegations: which roles a repository delegates to, and which target paths they list, before any of them is looked up.
// Keeps the rule that a role is reached by one road only: two delegators of one name ("diamond") is where TUF clients have confused authority.

import path from 'node:path'
import fs from 'node:fs'
import { err, ok, type Result } from '../base/result.ts'
import { openBelow } from './local-fetcher.ts'

/** Role names become file names; one of digits only would change its place in the order of trust, since it becomes a key of an object. */
const ROLE_NAME = /^(?!\d+$)[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/
const TOP_LEVEL = new Set(['root', 'timestamp', 'snapshot', 'targets'])
/** Target paths of one repository; a release has a few dozen. */
const TARGETS_MAX = 4096

interface Listed {
  readonly targets: readonly string[]
  readonly roles: readonly string[]
}

type Fields = { readonly [key: string]: unknown }

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

function readJson(folder: string, name: string, max: number): Result<Fields> {
  const fd = openBelow(folder, name)
  if (fd === null) return err(`${name} is not in the repository`)
  try {
    if (fs.fstatSync(fd).size > max) return err(`${name} is longer than ${max} bytes`)
    return ok(fieldsOf(JSON.parse(fs.readFileSync(fd, 'utf8'))))
  } catch (cause) {
    return err(`${name} cannot be read: ${String(cause)}`)
  } finally {
    fs.closeSync(fd)
  }
}

/** Paths and delegated roles of one role's metadata. Hash bins are refused: a hospital's releases are named one by one. */
function listed(metadata: Fields, role: string): Result<Listed> {
  const signed = fieldsOf(metadata['signed'])
  const delegations = fieldsOf(signed['delegations'])
  if (delegations['succinct_roles'] !== undefined) return err(`role ${role} delegates to hash bins, which are not taken in`)
  const roles = Array.isArray(delegations['roles']) ? (delegations['roles'] as unknown[]).map((r) => fieldsOf(r)['name']) : []
  const bad = roles.find((name) => typeof name !== 'string' || !ROLE_NAME.test(name) || TOP_LEVEL.has(name))
  if (bad !== undefined) return err(`role ${role} delegates to a role named ${JSON.stringify(bad)}, which is not taken in`)
  return ok({ targets: Object.keys(fieldsOf(signed['targets'])), roles: roles as string[] })
}

export interface DelegationLimits {
  readonly rolesMax: number
  /** Of one role's metadata. */
  readonly bytesMax: number
}

/**
 * After a refresh: walks the delegations, refuses diamonds, cycles, odd names and too many roles, and gives every target path listed.
 * The top level is the verified copy in `trusted`; delegated roles are read from the repository and are verified at each look-up.
 * `ensure` is asked for a delegated role's file before it is read: it may have to be fetched first.
 */
export async function checkedDelegations(
  trusted: string, metadata: string, { rolesMax, bytesMax }: DelegationLimits, ensure: (file: string) => Promise<void> = () => Promise.resolve(),
): Promise<Result<readonly string[]>> {
  const snapshot = readJson(trusted, 'snapshot.json', bytesMax)
  if (!snapshot.ok) return snapshot
  const root = readJson(trusted, 'root.json', bytesMax)
  if (!root.ok) return root
  const isConsistent = fieldsOf(root.value['signed'])['consistent_snapshot'] === true
  const delegatedBy = new Map<string, string>([['targets', 'root']])
  const paths = new Set<string>()
  const queue = ['targets']
  for (const role of queue) {
    const version = fieldsOf(fieldsOf(fieldsOf(snapshot.value['signed'])['meta'])[`${role}.json`])['version']
    if (role !== 'targets' && typeof version !== 'number') return err(`role ${role} is delegated to and is not in the snapshot`)
    const file = isConsistent ? `${String(version)}.${role}.json` : `${role}.json`
    if (role !== 'targets') await ensure(path.basename(file))
    const read = role === 'targets' ? readJson(trusted, 'targets.json', bytesMax) : readJson(metadata, path.basename(file), bytesMax)
    if (!read.ok) return read
    const found = listed(read.value, role)
    if (!found.ok) return found
    for (const name of found.value.roles) {
      const other = delegatedBy.get(name)
      if (other !== undefined) return err(`role ${name} is delegated by ${other} and by ${role}: a role with two delegators is not taken in`)
      delegatedBy.set(name, role)
      queue.push(name)
    }
    for (const target of found.value.targets) paths.add(target)
    if (queue.length > rolesMax || paths.size > TARGETS_MAX) return err(`the repository has more than ${rolesMax} roles or ${TARGETS_MAX} targets`)
  }
  return ok([...paths].sort())
}
