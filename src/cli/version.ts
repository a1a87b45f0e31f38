// VERSION: what package.json says, wherever the package lies.

import { readFileSync } from 'node:fs'
import { productPath } from '../config/product.ts'

export const VERSION: string = String((JSON.parse(readFileSync(productPath('package.json'), 'utf8')) as { version?: unknown }).version)
