import type { Room } from '../../shell/rooms'

export default {
  name: 'contacts',
  path: '/contacts',
  title: 'nav.contacts',
  permission: 'contacts.read',
  icon: 'users',
  group: 'work',
  order: 20,
  page: () => import('./ContactsPage.vue'),
  inner: [
    { name: 'suggestions', path: '/contacts/suggestions', page: () => import('./SuggestionsPage.vue') },
    { name: 'contact', path: '/contacts/:id', page: () => import('./ContactPage.vue') },
  ],
} satisfies Room
