export { AuthStateError } from './api.js'
export { useChangeoverAuthState } from './auth-state.js'
export { encode, revive } from './buffer.js'
