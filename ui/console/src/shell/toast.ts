import { ElMessage } from 'element-plus'
import { explain } from '../i18n/problem'

/** `duration` in ms: longer where something is to be remembered. */
export function told(message: string, duration = 3000): void {
  ElMessage({ message, type: 'success', grouping: true, duration })
}

/** Shows a failed act; the session's end is not told here, because the sign-in page says it. */
export function failed(fault: unknown): void {
  ElMessage({ message: explain(fault), type: 'error', grouping: true, duration: 6000, showClose: true })
}
