// Longer: a typed table that grows. The old one is gone when the longer one is there, not when the heap is next collected.
// Keeps the rule that a table and its former selves are not held at once: of one that doubled to 12 MB they are 12 MB more.

type Words = Int32Array<ArrayBuffer>
type Numbers = Float64Array<ArrayBuffer>

/** `words` with zeros behind, `length` words long. The array that was handed over is empty from here on: nobody else may hold it. */
export function longerWords(words: Words, length: number): Words {
  return new Int32Array(words.buffer.transfer(length * Int32Array.BYTES_PER_ELEMENT))
}

/** The same of 64-bit numbers. */
export function longerNumbers(numbers: Numbers, length: number): Numbers {
  return new Float64Array(numbers.buffer.transfer(length * Float64Array.BYTES_PER_ELEMENT))
}
