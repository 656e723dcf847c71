/** Writes of one key go one after the other, in the order in which they were asked for. */
export class Lanes {
  /** @type {Map<string, Promise<unknown>>} */
  #tails = new Map()

  /**
   * @template T
   * @param {string[]} keys What is written.
   * @param {() => Promise<T>} work Begins when all that came before on these keys has ended.
   * @returns {Promise<T>}
   */
  run(keys, work) {
    const before = new Set(keys.map((key) => this.#tails.get(key)))
    const done = Promise.allSettled(before).then(work)
    const tail = done
      .catch(() => {})
      .then(() => {
        for (const key of keys) if (this.#tails.get(key) === tail) this.#tails.delete(key)
      })
    for (const key of keys) this.#tails.set(key, tail)
    return done
  }
}
