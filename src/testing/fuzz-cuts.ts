// fuzz-cuts: every small capture of ../shared cut at every byte, and each of its lengths set to hostile values, through the capture target.
// Keeps the rule that a file may end anywhere: a cut gives what came before it and a problem, never a throw.

/** Files up to so many bytes are cut at each byte: a cut costs three readings. */
const CUT_BYTES_MAX = 256

export interface Cuts {
  readonly files: number
  readonly cuts: number
  readonly finding: string | null
}

export async function smallCapturesCut(): Promise<Cuts> {
  const { Fuzzer } = await import('./fuzz-engine.ts')
  const { captureFields } = await import('./fuzz-fields.ts')
  const { systematic } = await import('./fuzz-mutate.ts')
  const { smallCaptures } = await import('./fuzz-shared-seeds.ts')
  const { targetNamed } = await import('./fuzz-targets.ts')
  const files = smallCaptures(CUT_BYTES_MAX)
  const fuzzer = new Fuzzer(targetNamed('capture'), 1)
  for (const { name, bytes } of files) {
    for (const input of systematic(bytes, captureFields(bytes), CUT_BYTES_MAX)) {
      const finding = await fuzzer.try(input)
      if (finding !== null) return { files: files.length, cuts: fuzzer.runs, finding: `${name}, ${input.length} bytes: ${finding.message}` }
    }
  }
  return { files: files.length, cuts: fuzzer.runs, finding: null }
}
