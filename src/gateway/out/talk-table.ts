// Talk table: a conversation as data: in which state what event leads where and asks for which actions; printable.
// Keeps the rule that an event the table does not name in a state changes nothing.

export interface Step<S extends string, A extends string> {
  readonly to: S
  readonly actions: readonly A[]
}
export type TalkTable<S extends string, E extends string, A extends string> = Readonly<Record<S, Readonly<Partial<Record<E, Step<S, A>>>>>>

export function step<S extends string, E extends string, A extends string>(table: TalkTable<S, E, A>, state: S, event: E): Step<S, A> {
  return table[state][event] ?? { to: state, actions: [] }
}

/** One line per state and event, for the documentation page. */
export function printTable<S extends string, E extends string, A extends string>(table: TalkTable<S, E, A>): string {
  const rows = Object.entries<Readonly<Partial<Record<E, Step<S, A>>>>>(table).flatMap(([state, events]) =>
    Object.entries<Step<S, A> | undefined>(events).map(([event, to]) => `| ${state} | ${event} | ${to?.to} | ${to?.actions.join(', ')} |`))
  return ['| in state | on | goes to | and does |', '|---|---|---|---|', ...rows].join('\n')
}
