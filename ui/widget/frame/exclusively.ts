/**
 * Runs `work` while no other tab of this browser runs work of the same name.
 *
 * Where there are no Web Locks (plain http, old browsers) or the browser refuses them to embedded
 * pages, it runs at once: the server's rule that a client_msg_id counts once still holds, only the
 * order between two tabs is then not promised.
 */
export async function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks
  if (!locks) return work()
  let result: Promise<T> | undefined
  try {
    await locks.request(name, () => (result = work()))
  } catch (error) {
    if (result) throw error
  }
  return result ?? work()
}
