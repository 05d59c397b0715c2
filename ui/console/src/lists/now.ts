import { ref } from 'vue'

/** The time, renewed every 20 seconds; one clock for all "minutes ago" on screen. */
export const now = ref(Date.now())
window.setInterval(() => (now.value = Date.now()), 20_000)
