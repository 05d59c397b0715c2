import { describe, expect, it } from 'vitest'
import { ApiFault } from '../api'
import { DEFAULT_LIMITS } from '../protocol'
import { TEXTS } from '../i18n'
import { explainUpload } from './tray'

const explain = (fault: unknown) => explainUpload(fault, 'a.png', DEFAULT_LIMITS, TEXTS.en)

describe('a file that did not go up', () => {
  it('is refused for good when its content is not what its name says', () => {
    expect(explain(new ApiFault(415, 'upload'))).toEqual({ words: TEXTS.en.fileRefused('a.png'), passing: false })
  })

  it('is refused for good when it is too large, and the limit is told', () => {
    const { words, passing } = explain(new ApiFault(413, 'upload'))
    expect(words).toContain('10 MB')
    expect(passing).toBe(false)
  })

  it.each([new ApiFault(0, 'offline'), new ApiFault(429, 'upload'), new ApiFault(503, 'upload'), new Error('other')])(
    'may be tried again after %s',
    (fault) => expect(explain(fault)).toEqual({ words: TEXTS.en.uploadFailed('a.png'), passing: true }),
  )
})
