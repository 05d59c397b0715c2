import type { Room } from '../../shell/rooms'

export default {
  name: 'segments',
  path: '/segments',
  title: 'segments.title',
  permission: 'segments.read',
  icon: 'list',
  group: 'work',
  order: 30,
  page: () => import('./SegmentsPage.vue'),
  inner: [{ name: 'segment', path: '/segments/:id', page: () => import('./SegmentPage.vue') }],
} satisfies Room
