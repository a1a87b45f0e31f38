// zone-map: zones and what goes between them as a drawing. The table beside it says the same; the drawing is never the only way.

import { useEffect, useRef } from 'react'
import type { ZoneMap } from '../../../src/console/api.ts'
import { formatCount, plural } from '../model/format.ts'
import { type ZonePair, zonePairs } from '../model/matrix.ts'
import { isQuiet, type MapDrawing, startMap } from './zone-map-core.ts'

export function ZoneMapDrawing({ map, pointed }: { readonly map: ZoneMap; readonly pointed: ZonePair | null }) {
  const frame = useRef<HTMLDivElement>(null)
  const drawing = useRef<MapDrawing | null>(null)
  useEffect(() => {
    if (!frame.current) return undefined
    const started = startMap(frame.current)
    drawing.current = started
    return () => started.close()
  }, [])
  useEffect(() => drawing.current?.show(map), [map])
  useEffect(() => drawing.current?.point(pointed), [pointed])
  return (
    <div className="map">
      <div ref={frame} className="map-canvas" role="img" aria-label={mapWords(map)} />
      <MapLegend quiet={isQuiet(zonePairs(map))} />
      <div className="map-tools" role="group" aria-label="Map size">
        <button type="button" className="button" onClick={() => drawing.current?.zoom(1.25)} aria-label="Larger">+</button>
        <button type="button" className="button" onClick={() => drawing.current?.zoom(0.8)} aria-label="Smaller">−</button>
        <button type="button" className="button" onClick={() => drawing.current?.fit()}>Whole map</button>
      </div>
    </div>
  )
}

function MapLegend({ quiet }: { readonly quiet: boolean }) {
  return (
    <ul className="map-legend" aria-label="Lines on the map">
      <li><span className="legend-line" data-line="allow" />seen, allow</li>
      <li><span className="legend-line" data-line="deny" />seen, deny</li>
      <li><span className="legend-line" data-line="unseen" />conduit, nothing seen</li>
      <li><span className="legend-wall" />the hospital's boundary</li>
      {quiet ? <li>Point at a line, or at its row in the table, to read it.</li> : null}
    </ul>
  )
}

function mapWords(map: ZoneMap): string {
  const denied = map.cells.filter((cell) => cell.denied > 0).length
  const seen = `${plural(map.cells.length, 'connection')} seen, ${formatCount(denied)} with denied conversations`
  return `Map of ${plural(map.zones.length, 'zone')}; ${seen}. The table below says the same.`
}
