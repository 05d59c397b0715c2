/** How long a voice is, and how it sounds where the browser can play it. */

const AMR = [0x23, 0x21, 0x41, 0x4d, 0x52, 0x0a] // "#!AMR\n"
/** Bytes of a frame of AMR-NB by its type, RFC 4867; each lasts 20 ms. */
const FRAME_BYTES = [13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1]
const FRAME_S = 0.02
const SILENT_FRAME = 0x7c

/** Seconds of the voice at an address; rejects where it is gone. */
export async function voiceSeconds(address) {
  const response = await fetch(address)
  if (!response.ok) throw new Error(String(response.status))
  const bytes = new Uint8Array(await response.arrayBuffer())
  return AMR.every((byte, place) => bytes[place] === byte) ? framesOf(bytes) * FRAME_S : played(address)
}

function framesOf(bytes) {
  let frames = 0
  for (let at = AMR.length; at < bytes.length; at += FRAME_BYTES[(bytes[at] >> 3) & 15]) frames += 1
  return frames
}

function played(address) {
  return new Promise((resolve, reject) => {
    const sound = new Audio(address)
    sound.addEventListener('loadedmetadata', () => resolve(sound.duration))
    sound.addEventListener('error', () => reject(new Error('unplayable')))
  })
}

/** Plays it; rejects for a format the browser does not know, such as AMR. */
export const play = (address) => new Audio(address).play()

/** A voice of so many seconds without a sound, as base64. */
export function silence(seconds) {
  const bytes = new Uint8Array(AMR.length + Math.round(seconds / FRAME_S)).fill(SILENT_FRAME)
  bytes.set(AMR)
  return btoa(String.fromCharCode(...bytes))
}
