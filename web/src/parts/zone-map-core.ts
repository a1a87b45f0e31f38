// zone-map-core: the drawing of zones as a Cytoscape graph that is kept while its data changes: people keep their place on the map.
// Keeps Cytoscape out of the first paint: it is loaded when a map is started.

import type { Core, ElementDefinition, StylesheetJson } from 'cytoscape'
import type { ZoneMap } from '../../../src/console/api.ts'
import { bendOf, edgeWidth, type Place, placeZones, ZONE_SIZE } from '../model/map-layout.ts'
import { type ZonePair, zonePairs } from '../model/matrix.ts'
import { zoneHolds } from '../model/words.ts'
import { onThemeChange, resolveColour } from './colours.ts'

/** Cytoscape adds a <style> to the page unless an element of this id is there; the content security policy forbids such a style. */
const STYLESHEET_ID = '__________cytoscape_stylesheet'

/** With more lines than this their words would cover each other: then a line speaks when it is pointed at. */
const SPEAKING_EDGES_MAX = 10

const PADDING = 28

export interface MapDrawing {
  /** Draws these zones; the view moves only when the zones themselves are others than before. */
  show(map: ZoneMap): void
  /** Marks one line, or the zone when both ends are the same. */
  point(pair: Pick<ZonePair, 'from' | 'to'> | null): void
  zoom(factor: number): void
  fit(): void
  close(): void
}

export function startMap(element: HTMLElement): MapDrawing {
  let core: Core | null = null
  let latest: ZoneMap | null = null
  let gone = false
  const show = (map: ZoneMap): void => {
    latest = map
    if (core) draw(core, map)
  }
  const start = async (): Promise<void> => {
    const { default: cytoscape } = await import('cytoscape')
    if (gone) return
    claimStylesheet()
    core = cytoscape({
      container: element, style: styleOf(element), userZoomingEnabled: false, boxSelectionEnabled: false, autoungrabify: true,
      minZoom: 0.3, maxZoom: 2.5,
    })
    core.on('mouseover', 'edge', (event) => event.target.addClass('pointed'))
    core.on('mouseout', 'edge', (event) => event.target.removeClass('pointed'))
    if (latest) draw(core, latest)
  }
  const unwatch = onThemeChange(() => core?.style(styleOf(element)))
  const sized = new ResizeObserver(() => core?.resize().fit(undefined, PADDING))
  sized.observe(element)
  void start()
  return {
    show,
    point(pair) {
      core?.elements().removeClass('pointed')
      if (pair) core?.getElementById(pair.from === pair.to ? nodeId(pair.from) : edgeId(pair)).addClass('pointed')
    },
    zoom: (factor) => core?.zoom({ level: core.zoom() * factor, renderedPosition: { x: core.width() / 2, y: core.height() / 2 } }),
    fit: () => core?.fit(undefined, PADDING),
    close() {
      gone = true
      sized.disconnect()
      unwatch()
      core?.destroy()
    },
  }
}

function draw(core: Core, map: ZoneMap): void {
  const zones = (): string => core.nodes().map((node) => node.id()).sort().join('\n')
  const before = zones()
  core.batch(() => {
    core.elements().remove()
    core.add(elementsOf(map))
  })
  if (zones() !== before) core.fit(undefined, PADDING)
}

/** Whether the lines keep quiet until they are pointed at. */
export function isQuiet(pairs: readonly ZonePair[]): boolean {
  return pairs.filter(({ from, to }) => from !== to).length > SPEAKING_EDGES_MAX
}

const edgeId = ({ from, to }: Pick<ZonePair, 'from' | 'to'>): string => `edge ${JSON.stringify([from, to])}`
const nodeId = (zone: string): string => `zone ${zone}`

function claimStylesheet(): void {
  if (document.getElementById(STYLESHEET_ID)) return
  const mark = document.createElement('meta')
  mark.id = STYLESHEET_ID
  document.head.append(mark)
}

function elementsOf(map: ZoneMap): ElementDefinition[] {
  const places = placeZones(map.zones)
  const pairs = zonePairs(map)
  const within = new Map(pairs.filter(({ from, to }) => from === to).map((pair) => [pair.from, pair]))
  const nodes = places.map(({ name, inside, x, y }): ElementDefinition => {
    const zone = map.zones.find((one) => one.name === name)
    const own = within.get(name)
    // A place to break after each hyphen, for Cytoscape breaks at spaces only.
    const lines = [name.replaceAll('-', '-\u200b'), zone ? zoneHolds(zone) : '', own?.cell ? `within: ${edgeWords(own)}` : '']
    const label = lines.filter((line) => line !== '').join('\n')
    const data = { id: nodeId(name), label, kind: zone?.kind, ...(inside ? { parent: 'hospital' } : {}) }
    return { data, position: { x, y }, classes: (own?.cell?.denied ?? 0) > 0 ? 'deny' : '' }
  })
  return [{ data: { id: 'hospital', label: 'inside the hospital' } }, ...nodes, ...edgesOf(pairs, places)]
}

/** Traffic within a zone is told in its box; a loop would only be a knot. */
function edgesOf(pairs: readonly ZonePair[], places: readonly Place[]): ElementDefinition[] {
  const drawn = new Set(pairs.map(edgeId))
  const [allQuiet, seenQuiet] = [isQuiet(pairs), isQuiet(pairs.filter((pair) => pair.cell !== null))]
  return pairs.flatMap((pair): ElementDefinition[] => {
    const from = places.find((place) => place.name === pair.from)
    const to = places.find((place) => place.name === pair.to)
    if (!from || !to || from === to) return []
    const bend = bendOf(from, to, places, drawn.has(edgeId({ from: pair.to, to: pair.from })))
    const ends = { source: nodeId(pair.from), target: nodeId(pair.to) }
    const data = { id: edgeId(pair), ...ends, label: edgeWords(pair), width: edgeWidth(pair.cell?.bytes ?? 0), bend }
    const quiet = pair.cell === null ? allQuiet : seenQuiet
    return [{ data, classes: (pair.cell === null ? 'unseen' : pair.cell.denied > 0 ? 'deny' : 'allow') + (quiet ? ' quiet' : '') }]
  })
}

/** What was seen, or what the conduit would allow. */
function edgeWords({ cell, conduits }: ZonePair): string {
  const names = cell === null ? conduits : cell.protocols
  const words = names.length > 2 ? `${names.slice(0, 2).join(', ')} +${names.length - 2}` : names.join(', ')
  return cell !== null && cell.denied > 0 ? `${words}\ndeny ${cell.denied} of ${cell.conversations}` : words
}

function styleOf(element: HTMLElement): StylesheetJson {
  const colour = (name: string): string => resolveColour(name, element)
  const font = { 'font-family': 'system-ui, "DejaVu Sans", sans-serif', 'font-size': 13 }
  return [
    { selector: 'node[kind]', style: {
      ...font, shape: 'round-rectangle', ...ZONE_SIZE, label: 'data(label)', 'text-wrap': 'wrap',
      'text-max-width': `${ZONE_SIZE.width - 8}px`, 'text-valign': 'center', color: colour('ink'),
      'background-color': colour('surface'), 'border-width': 1.5, 'border-color': colour('line-strong'), 'line-height': 1.35,
    } },
    { selector: 'node[kind = "medical"]', style: { 'border-color': colour('accent'), 'border-width': 2.5 } },
    { selector: 'node[kind = "unzoned"], node[kind = "group"]', style: { 'border-style': 'dashed' } },
    { selector: '#hospital', style: {
      ...font, 'font-size': 12, shape: 'round-rectangle', label: 'data(label)', 'text-valign': 'bottom', 'text-margin-y': 8,
      color: colour('muted'), 'background-color': colour('ground'), 'background-opacity': 0.6, 'border-style': 'double', 'border-width': 5,
      'border-color': colour('wall'), padding: '34px',
    } },
    { selector: 'edge', style: {
      ...font, 'font-size': 12, width: 'data(width)', label: 'data(label)', 'text-wrap': 'wrap', 'curve-style': 'unbundled-bezier',
      'control-point-distances': 'data(bend)', 'control-point-weights': '0.5',
      'target-arrow-shape': 'triangle', color: colour('ink'), 'text-background-color': colour('surface'), 'text-background-opacity': 0.92,
      'text-background-padding': '3px', 'line-color': colour('accent'), 'target-arrow-color': colour('accent'),
    } },
    { selector: 'edge.deny', style: { 'line-color': colour('deny'), 'target-arrow-color': colour('deny'), color: colour('deny') } },
    { selector: 'edge.unseen', style: {
      'line-color': colour('line-strong'), 'target-arrow-color': colour('line-strong'), 'line-style': 'dashed',
      color: colour('muted'), width: 1.5,
    } },
    { selector: 'edge.quiet', style: { 'text-opacity': 0, 'text-background-opacity': 0 } },
    { selector: 'edge.pointed', style: { 'text-opacity': 1, 'text-background-opacity': 0.92 } },
    { selector: 'node.deny', style: { 'border-color': colour('deny'), color: colour('deny') } },
    { selector: '.pointed', style: { 'underlay-color': colour('focus'), 'underlay-opacity': 0.35, 'underlay-padding': 5, 'z-index': 9 } },
  ]
}
