import type { RouteComponent } from 'vue-router'
import type { Permission } from '../../api/session'

export interface Tab {
  id: string
  permission: Permission
  page: () => Promise<RouteComponent>
}

export const TABS: readonly Tab[] = [
  { id: 'third-parties', permission: 'sharing.read', page: () => import('./ThirdParties.vue') },
  { id: 'transfers', permission: 'sharing.read', page: () => import('./Transfers.vue') },
  { id: 'uses', permission: 'uses.read', page: () => import('./Uses.vue') },
  { id: 'access', permission: 'access_log.read', page: () => import('./AccessLog.vue') },
  { id: 'reviews', permission: 'reviews.read', page: () => import('./Reviews.vue') },
  { id: 'ledger', permission: 'ledger.read', page: () => import('./Ledgers.vue') },
]
