import type { Room } from '../../shell/rooms'

export default {
  name: 'imports',
  path: '/imports',
  title: 'imports.title',
  permission: 'contacts.import',
  icon: 'incoming',
  group: 'work',
  order: 35,
  page: () => import('./ImportsPage.vue'),
  inner: [
    { name: 'import-new', path: '/imports/new', page: () => import('./NewImportPage.vue') },
    { name: 'import', path: '/imports/:id', page: () => import('./ImportPage.vue') },
  ],
} satisfies Room
