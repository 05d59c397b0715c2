import type { FlowEdge, FlowNode } from '../../api/flows'

export const BOX = { width: 200, height: 52, gapX: 28, gapY: 64 }

export interface PlacedNode extends FlowNode {
  /** Its upper left corner. */
  x: number
  y: number
}

export interface PlacedEdge extends FlowEdge {
  path: string
  /** Where its label stands. */
  x: number
  y: number
}

export interface Picture {
  nodes: PlacedNode[]
  edges: PlacedEdge[]
  width: number
  height: number
}

/** A step, or the place where a way passes a row on its way further down. */
interface Spot {
  id: string
  width: number
  x: number
  depth: number
  above: Spot[]
}

/**
 * A flow in rows: each step below all that lead to it, ways back apart. Within a row the steps keep the order of those
 * that lead to them, so that few ways cross; a way that passes a row has a place of its own there.
 */
export function layout(nodes: FlowNode[], edges: FlowEdge[]): Picture {
  const known = new Set(nodes.map((node) => node.id))
  const ways = edges.filter((edge) => known.has(edge.from) && known.has(edge.to))
  const back = backEdges(nodes, ways)
  const depths = depthsOf(nodes, ways, back)
  const spots = new Map<string, Spot>()
  const rows: Spot[][] = []
  const put = (id: string, width: number, depth: number): Spot => {
    const spot = { id, width, x: 0, depth, above: [] }
    ;(rows[depth] ??= []).push(spot)
    return spot
  }
  for (const node of nodes) spots.set(node.id, put(node.id, BOX.width, depths.get(node.id) ?? 0))
  const routes = new Map<FlowEdge, Spot[]>()
  for (const edge of ways) {
    const [from, to] = [spots.get(edge.from), spots.get(edge.to)]
    if (!from || !to || back.has(edge)) continue
    const route = [from]
    for (let depth = from.depth + 1; depth < to.depth; depth += 1) route.push(put(`${edge.to} `, BOX.gapX, depth))
    route.push(to)
    route.slice(1).forEach((spot, index) => spot.above.push(route[index] as Spot))
    routes.set(edge, route)
  }
  const widths = rows.map((row) => row.reduce((sum, spot) => sum + spot.width + BOX.gapX, BOX.gapX))
  const width = Math.max(BOX.width, ...widths)
  rows.forEach((row, depth) => {
    let x = (width - (widths[depth] ?? 0)) / 2 + BOX.gapX
    for (const spot of [...row].sort((one, other) => meanOf(one) - meanOf(other))) {
      spot.x = x + spot.width / 2
      x += spot.width + BOX.gapX
    }
  })
  const placed = nodes.map((node): PlacedNode => {
    const spot = spots.get(node.id)
    return { ...node, x: (spot?.x ?? 0) - BOX.width / 2, y: topOf(spot?.depth ?? 0) }
  })
  const drawn = ways.map((edge) => {
    const route = routes.get(edge)
    return route ? drawDown(edge, route) : drawBack(edge, placed)
  })
  const height = topOf(rows.length) - BOX.gapY + BOX.gapX
  return { nodes: placed, edges: drawn, width: width + (back.size ? BOX.gapX * 2 : 0), height }
}

const topOf = (depth: number): number => BOX.gapX + depth * (BOX.height + BOX.gapY)

/** Edges that lead to a step which is still being followed: without them every way ends. */
function backEdges(nodes: FlowNode[], edges: FlowEdge[]): Set<FlowEdge> {
  const state = new Map<string, 'open' | 'done'>()
  const back = new Set<FlowEdge>()
  for (const root of nodes) {
    if (state.has(root.id)) continue
    const stack = [{ id: root.id, rest: edges.filter((edge) => edge.from === root.id) }]
    state.set(root.id, 'open')
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const edge = top.rest.shift()
      if (!edge) {
        state.set(top.id, 'done')
        stack.pop()
      } else if (state.get(edge.to) === 'open') {
        back.add(edge)
      } else if (!state.has(edge.to)) {
        state.set(edge.to, 'open')
        stack.push({ id: edge.to, rest: edges.filter((other) => other.from === edge.to) })
      }
    }
  }
  return back
}

function depthsOf(nodes: FlowNode[], edges: FlowEdge[], back: Set<FlowEdge>): Map<string, number> {
  const forward = edges.filter((edge) => !back.has(edge))
  const depths = new Map(nodes.map((node) => [node.id, 0]))
  // Longest ways first: as often as there are nodes is enough where no way comes back.
  for (let round = 0, moved = true; moved && round <= nodes.length; round += 1) {
    moved = false
    for (const edge of forward) {
      const least = (depths.get(edge.from) ?? 0) + 1
      if ((depths.get(edge.to) ?? 0) < least) {
        depths.set(edge.to, least)
        moved = true
      }
    }
  }
  return depths
}

const meanOf = (spot: Spot): number =>
  spot.above.length ? spot.above.reduce((sum, each) => sum + each.x, 0) / spot.above.length : 0

function drawDown(edge: FlowEdge, route: Spot[]): PlacedEdge {
  let path = ''
  let [x, y] = [0, 0]
  route.slice(1).forEach((to, index) => {
    const from = route[index] as Spot
    const [x1, y1] = [from.x, topOf(from.depth) + BOX.height]
    const [x2, y2] = [to.x, topOf(to.depth)]
    const bend = (y2 - y1) / 2
    // The label stands on the first piece, nearer to its end: there, ways that begin together have parted.
    if (index === 0) [x, y] = [x1 + (x2 - x1) * 0.75, y1 + (y2 - y1) * 0.62]
    path += index === 0 ? `M${x1} ${y1}` : `L${x1} ${y1}`
    path += ` C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`
  })
  return { ...edge, path, x, y }
}

function drawBack(edge: FlowEdge, placed: PlacedNode[]): PlacedEdge {
  const [from, to] = [edge.from, edge.to].map((id) => placed.find((node) => node.id === id) as PlacedNode)
  const [x1, y1] = [(from?.x ?? 0) + BOX.width, (from?.y ?? 0) + BOX.height / 2 + 8]
  const [x2, y2] = [(to?.x ?? 0) + BOX.width, (to?.y ?? 0) + BOX.height / 2 - 8]
  const out = Math.max(x1, x2) + BOX.gapX * 1.5
  return { ...edge, path: `M${x1} ${y1} C${out} ${y1} ${out} ${y2} ${x2} ${y2}`, x: out - BOX.gapX / 2, y: (y1 + y2) / 2 }
}
