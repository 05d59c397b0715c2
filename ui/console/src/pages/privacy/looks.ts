import type { HandledRequest } from '../../api/requests'
import type { Tone } from '../../components/Pill.vue'
import type { IconName } from '../../components/icons'
import { t } from '../../i18n'

export const OPEN_STATES = ['received', 'identity_check', 'in_progress']
export const STATES = [...OPEN_STATES, 'answered', 'refused', 'ended_by_erasure']
export const KINDS = ['view', 'export', 'correct', 'restrict', 'object', 'delete', 'close_account']
export const METHODS = ['in_person', 'call_back', 'identity_document', 'account_details', 'power_of_attorney']
export const WITH_FILE = ['view', 'export']
export const ERASING = ['delete', 'close_account']

export const STATE_LOOKS: Record<string, [Tone, IconName]> = {
  received: ['info', 'incoming'],
  identity_check: ['info', 'user'],
  in_progress: ['accent', 'clock'],
  answered: ['ok', 'tick'],
  refused: ['plain', 'cross'],
  ended_by_erasure: ['warn', 'alert'],
}

export const isOpen = (request: HandledRequest): boolean => OPEN_STATES.includes(request.state)

/** Who asked; nobody is named any more once the person is erased. */
export const customerName = (request: HandledRequest): string =>
  request.erasure_id === null ? request.contact_name : t('rights.erased')
