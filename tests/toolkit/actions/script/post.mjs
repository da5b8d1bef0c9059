import { run } from './scripts.mjs'

run('post')
