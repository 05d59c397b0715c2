import { describe, expect, it } from 'vitest'
import type { FlowEdge, FlowNode } from '../src/api/flows'
import { BOX, layout } from '../src/pages/flows/layout'

const node = (id: string): FlowNode => ({ id, kind: 'noop', label: id, words: '' })
const way = (from: string, to: string): FlowEdge => ({ from, to, label: '' })

describe('the picture of a flow', () => {
  it('puts each step below all that lead to it, and none upon another', () => {
    const ids = ['a', 'b', 'c', 'd', 'END']
    const edges = [way('a', 'b'), way('a', 'c'), way('b', 'd'), way('c', 'END'), way('d', 'END')]
    const { nodes, width, height } = layout(ids.map(node), edges)
    const at = Object.fromEntries(nodes.map((each) => [each.id, each]))
    for (const edge of edges) expect(at[edge.to]?.y).toBeGreaterThan(at[edge.from]?.y ?? Infinity)
    expect(new Set(nodes.map((each) => `${each.x} ${each.y}`)).size).toBe(ids.length)
    for (const each of nodes) {
      expect(each.x).toBeGreaterThanOrEqual(0)
      expect(each.x + BOX.width).toBeLessThanOrEqual(width)
      expect(each.y + BOX.height).toBeLessThanOrEqual(height)
    }
  })

  it('draws ways back, even to itself, and ends', () => {
    const edges = [way('a', 'b'), way('b', 'a'), way('b', 'b'), way('b', 'END')]
    const picture = layout(['a', 'b', 'END'].map(node), edges)
    expect(picture.edges).toHaveLength(4)
    expect(picture.nodes.map((each) => each.id)).toEqual(['a', 'b', 'END'])
  })

  it('leaves out ways to steps that are not there', () => {
    expect(layout([node('a')], [way('a', 'gone')]).edges).toEqual([])
  })
})
