// The store's analytical questions as SQL, a table keyed by the question's name. The only SQL over event bodies.

import type { StoreQuery } from './store.ts'

export interface Sql {
  readonly sql: string
  readonly values: readonly (string | number)[]
}

type QuestionOf<N extends StoreQuery['name']> = Extract<StoreQuery, { name: N }>

export const EVENT_QUERIES: { readonly [N in StoreQuery['name']]: (question: QuestionOf<N>) => Sql } = {
  'event-counts': ({ analysis }) => ({
    sql: 'SELECT kind, count(*) AS count FROM event WHERE analysis = ? GROUP BY kind ORDER BY kind',
    values: [analysis],
  }),
  'last-event': ({ analysis }) => ({ sql: 'SELECT max(at_us) AS "at" FROM event WHERE analysis = ?', values: [analysis] }),
  'traffic-series': ({ analysis, bucketMicros }) => ({
    sql: `SELECT (at_us // CAST(? AS BIGINT)) * CAST(? AS BIGINT) AS "at", count(*) AS flows,
            coalesce(sum(CAST(json_extract_string(body, '$.bytes') AS BIGINT)), 0)::BIGINT AS bytes
          FROM event WHERE kind = 'flow' AND analysis = ? GROUP BY 1 ORDER BY 1`,
    values: [bucketMicros, bucketMicros, analysis],
  }),
  'top-sources': ({ analysis, limit }) => ({
    sql: `SELECT json_extract_string(body, '$.src') AS ip, count(*) AS flows,
            coalesce(sum(CAST(json_extract_string(body, '$.bytes') AS BIGINT)), 0)::BIGINT AS bytes
          FROM event WHERE kind = 'flow' AND analysis = ? GROUP BY 1 ORDER BY bytes DESC, ip LIMIT ?`,
    values: [analysis, limit],
  }),
}
