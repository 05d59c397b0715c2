/**
 * Runs `work` while no other tab of this browser runs work of the same name.
 *
 * Without Web Locks (plain http, old browsers) it runs at once: the server's rule that a
 * client_msg_id counts once still holds, only the order between two tabs is then not promised.
 */
export async function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks
  if (!locks) return work()
  let done: { value: T } | undefined
  await locks.request(name, async () => {
    done = { value: await work() }
  })
  return (done as { value: T }).value
}
