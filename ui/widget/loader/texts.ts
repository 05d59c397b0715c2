import type { Locale } from '../shared/locale'

interface Texts {
  open: string
  close: string
  frame: string
  unread: (count: number) => string
  failed: string
  newTab: string
}

export const TEXTS: Record<Locale, Texts> = {
  'zh-Hans': {
    open: '打开客服聊天',
    close: '关闭客服聊天',
    frame: '客服聊天',
    unread: (count) => `${count} 条未读消息`,
    failed: '聊天窗口没能在此页面打开。',
    newTab: '在新标签页中打开',
  },
  'zh-Hant': {
    open: '開啟客服聊天',
    close: '關閉客服聊天',
    frame: '客服聊天',
    unread: (count) => `${count} 則未讀訊息`,
    failed: '聊天視窗沒能在此頁面開啟。',
    newTab: '在新分頁中開啟',
  },
  en: {
    open: 'Open customer service chat',
    close: 'Close customer service chat',
    frame: 'Customer service chat',
    unread: (count) => (count === 1 ? '1 unread message' : `${count} unread messages`),
    failed: 'The chat could not be opened on this page.',
    newTab: 'Open it in a new tab',
  },
}
