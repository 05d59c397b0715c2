import { ElMessage } from 'element-plus'
import { explain } from '../i18n/problem'

export function told(message: string): void {
  ElMessage({ message, type: 'success', grouping: true, duration: 3000 })
}

/** Shows a failed act; the session's end is not told here, because the sign-in page says it. */
export function failed(fault: unknown): void {
  ElMessage({ message: explain(fault), type: 'error', grouping: true, duration: 6000, showClose: true })
}
