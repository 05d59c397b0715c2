import type { Room } from '../../shell/rooms'

export default {
  name: 'staff',
  path: '/staff',
  title: 'nav.staff',
  permission: 'staff.manage',
  icon: 'shield',
  group: 'manage',
  order: 120,
  page: () => import('./StaffPage.vue'),
} satisfies Room
