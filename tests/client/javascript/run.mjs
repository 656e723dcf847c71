// Runs method chains on the official JavaScript client. One JSON document per line comes in on stdin,
// one per line goes out on stdout:
//   {"url", "key", "options", "chain": [["from", "t"], ["select", "id"]]}  the answer
//   {..., "is_built_only": true}                                           the methods that it uses
//   {"list": true}                                                         the methods that there are
// A value {"$signal": "aborted"} is an aborted signal, {"$signal": MS} one that aborts by itself,
// {"$bigint": "1"} a BigInt, {"$undefined": true} nothing.
import { createInterface } from 'node:readline'
import { createClient } from '@supabase/supabase-js'

const PRIVATE = new Set(['constructor', 'cloneRequestState', 'decorateFetch', 'processResponse'])

function prototypes(object) {
  const found = []
  for (let at = Object.getPrototypeOf(object); at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    found.push(at)
  }
  return found
}

function home(object, method) {
  const found = prototypes(object).find((one) => Object.hasOwn(one, method))
  if (found === undefined) throw new Error(`no method ${method}`)
  return `${found.constructor.name}.${method}`
}

function list() {
  const client = createClient('http://localhost', 'key')
  const objects = [client.rest, client.from('t'), client.from('t').select()]
  const found = new Set()
  for (const object of objects) {
    for (const one of prototypes(object)) {
      for (const name of Object.getOwnPropertyNames(one)) {
        if (!PRIVATE.has(name)) found.add(home(object, name))
      }
    }
  }
  return [...found].sort()
}

function value(given) {
  if (Array.isArray(given)) return given.map(value)
  if (given === null || typeof given !== 'object') return given
  if (given.$signal === 'aborted') return AbortSignal.abort()
  if (given.$signal !== undefined) return AbortSignal.timeout(given.$signal)
  if (given.$bigint !== undefined) return BigInt(given.$bigint)
  if (given.$undefined) return undefined
  return Object.fromEntries(Object.entries(given).map(([key, one]) => [key, value(one)]))
}

function build(client, chain, used) {
  let at = client
  for (const [method, ...given] of chain) {
    used.push(home(at, method))
    at = at[method](...given.map(value))
  }
  return at
}

function shown(error) {
  const { name, message, code, details, hint } = error
  return { name, message, code, details, hint }
}

async function answer(asked) {
  if (asked.list) return { methods: list() }
  // What is only built sends nothing, not even where a method sends at once.
  const silent = { global: { fetch: () => new Promise(() => {}) } }
  const client = createClient(asked.url, asked.key, asked.is_built_only ? silent : asked.options ?? {})
  const used = []
  try {
    const query = build(client, asked.chain, used)
    if (asked.is_built_only) return { methods: used }
    return await query
  } catch (error) {
    return { thrown: shown(error) }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + '\n')
}
