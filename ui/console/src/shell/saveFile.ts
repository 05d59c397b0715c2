/** Puts a file that was fetched into the person's downloads. */
export function saveFile(content: Blob, name: string): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  document.body.append(link)
  link.click()
  link.remove()
  // The download has taken hold of the content by the next minute.
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
