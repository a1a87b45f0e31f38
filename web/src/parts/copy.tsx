// copy: a text engineers carry elsewhere (a display filter, a Community ID), with a button that puts it on the clipboard.

import { useState } from 'react'

export function CopyText({ text, what }: { readonly text: string; readonly what: string }) {
  const [done, setDone] = useState<'no' | 'yes' | 'failed'>('no')
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      setDone('yes')
    } catch {
      // Plain http on another host has no clipboard: the text can still be selected.
      setDone('failed')
    }
  }
  return (
    <span className="copy">
      <code>{text}</code>
      <button type="button" className="copy-button" onClick={() => void copy()} aria-label={`Copy ${what}`}>
        {done === 'yes' ? 'copied' : done === 'failed' ? 'select it by hand' : 'copy'}
      </button>
      <span className="sr-only" role="status">{done === 'yes' ? `${what} copied` : ''}</span>
    </span>
  )
}
