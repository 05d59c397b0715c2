import { get } from './client'

export interface FlowHead {
  id: string
  name: string
  description: string
  version: string
  file: string
  own: boolean
  offered: boolean
  parks: boolean
  steps: number
}

export interface FlowFault {
  file: string
  line: number
  text: string
}

export interface FlowList {
  version: string
  items: FlowHead[]
  faults: FlowFault[]
}

export type StepKind = 'collect' | 'say' | 'action' | 'set_slots' | 'link' | 'call' | 'noop' | 'end'

export interface FlowNode {
  id: string
  kind: StepKind
  label: string
  words: string
}

export interface FlowEdge {
  from: string
  to: string
  label: string
}

export interface FlowGraph extends FlowHead {
  nodes: FlowNode[]
  edges: FlowEdge[]
  mermaid: string
}

export const listFlows = (signal?: AbortSignal): Promise<FlowList> => get('/api/flows', { signal })

export const readFlowGraph = (id: string, signal?: AbortSignal): Promise<FlowGraph> =>
  get(`/api/flows/${encodeURIComponent(id)}/graph`, { signal })
