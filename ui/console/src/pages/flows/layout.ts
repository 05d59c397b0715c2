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

/**
 * A flow in rows: each step below all that lead to it, ways back apart. Within a row the steps keep the order of those
 * that lead to them, so that few ways cross.
 */
export function layout(nodes: FlowNode[], edges: FlowEdge[]): Picture {
  const back = backEdges(nodes, edges)
  const rows = rowsOf(nodes, edges, back)
  const widest = Math.max(1, ...rows.map((row) => row.length))
  const width = widest * (BOX.width + BOX.gapX) + BOX.gapX
  const placed = new Map<string, PlacedNode>()
  rows.forEach((row, depth) => {
    const start = (width - row.length * (BOX.width + BOX.gapX) + BOX.gapX) / 2
    const ordered = [...row].sort((one, other) => meanOf(one.id, edges, placed) - meanOf(other.id, edges, placed))
    ordered.forEach((node, index) => {
      const x = start + index * (BOX.width + BOX.gapX)
      placed.set(node.id, { ...node, x, y: BOX.gapX + depth * (BOX.height + BOX.gapY) })
    })
  })
  const drawn = edges.flatMap((edge) => {
    const from = placed.get(edge.from)
    const to = placed.get(edge.to)
    return from && to ? [draw(edge, from, to, back.has(edge))] : []
  })
  const height = rows.length * (BOX.height + BOX.gapY)
  return { nodes: [...placed.values()], edges: drawn, width: width + (back.size ? BOX.gapX * 2 : 0), height }
}

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

function rowsOf(nodes: FlowNode[], edges: FlowEdge[], back: Set<FlowEdge>): FlowNode[][] {
  const forward = edges.filter((edge) => !back.has(edge))
  const depth = new Map(nodes.map((node) => [node.id, 0]))
  // Longest ways first: as often as there are nodes is enough where no way comes back.
  for (let round = 0, moved = true; moved && round <= nodes.length; round += 1) {
    moved = false
    for (const edge of forward) {
      const least = (depth.get(edge.from) ?? 0) + 1
      if (depth.has(edge.to) && (depth.get(edge.to) ?? 0) < least) {
        depth.set(edge.to, least)
        moved = true
      }
    }
  }
  const rows: FlowNode[][] = []
  for (const node of nodes) (rows[depth.get(node.id) ?? 0] ??= []).push(node)
  return rows.filter((row) => row.length > 0)
}

function meanOf(id: string, edges: FlowEdge[], placed: Map<string, PlacedNode>): number {
  const above = edges.flatMap((edge) => (edge.to === id ? (placed.get(edge.from) ?? []) : []))
  return above.length ? above.reduce((sum, node) => sum + node.x, 0) / above.length : 0
}

function draw(edge: FlowEdge, from: PlacedNode, to: PlacedNode, isBack: boolean): PlacedEdge {
  if (isBack) {
    const [x1, y1] = [from.x + BOX.width, from.y + BOX.height / 2]
    const [x2, y2] = [to.x + BOX.width, to.y + BOX.height / 2]
    const out = Math.max(x1, x2) + BOX.gapX
    const path = `M${x1} ${y1} C${out} ${y1} ${out} ${y2} ${x2} ${y2}`
    return { ...edge, path, x: out, y: (y1 + y2) / 2 }
  }
  const [x1, y1] = [from.x + BOX.width / 2, from.y + BOX.height]
  const [x2, y2] = [to.x + BOX.width / 2, to.y]
  const bend = (y2 - y1) / 2
  const path = `M${x1} ${y1} C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`
  // Nearer to its end, where ways that begin together have parted.
  return { ...edge, path, x: x1 + (x2 - x1) * 0.72, y: y1 + (y2 - y1) * 0.6 }
}
