import type { Attachment } from './protocol'
import { ApiFault } from './api'

/** Ends an upload that stands still for this long. */
const STALLED_MS = 60_000

function readAttachment(text: string): Attachment | undefined {
  try {
    const value = JSON.parse(text) as Partial<Attachment>
    return typeof value.id === 'string' ? (value as Attachment) : undefined
  } catch {
    return undefined
  }
}

/** Puts one file into the shop's blob store; `progress` hears the share sent, 0 to 1. */
export function upload(url: string, token: string, file: File, progress: (share: number) => void): Promise<Attachment> {
  // XMLHttpRequest, because fetch tells nothing of an upload's progress.
  const request = new XMLHttpRequest()
  return new Promise((resolve, reject) => {
    let timer = setTimeout(() => request.abort(), STALLED_MS)
    const alive = () => {
      clearTimeout(timer)
      timer = setTimeout(() => request.abort(), STALLED_MS)
    }
    const fail = (fault: ApiFault) => {
      clearTimeout(timer)
      reject(fault)
    }
    request.upload.onprogress = (event) => {
      alive()
      if (event.lengthComputable) progress(event.loaded / event.total)
    }
    request.onerror = request.onabort = () => fail(new ApiFault(0, 'offline'))
    request.onload = () => {
      const attachment = request.status === 201 ? readAttachment(request.responseText) : undefined
      if (!attachment) return fail(new ApiFault(request.status, 'upload'))
      clearTimeout(timer)
      resolve(attachment)
    }
    const form = new FormData()
    form.append('file', file, file.name)
    request.open('POST', url)
    request.setRequestHeader('Authorization', `Bearer ${token}`)
    request.send(form)
  })
}
