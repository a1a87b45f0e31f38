// The flags by which the gateway's commands find its file and its data folder.

import { Option } from 'commander'

export const configOption = (): Option => new Option('--config <file>', 'the gateway\'s file').env('CORDON_GATEWAY').default('gateway.yaml')
export const folderOption = (): Option => new Option('--folder <folder>', 'the gateway\'s data folder (default: the one of its file)')
