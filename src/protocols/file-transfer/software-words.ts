// Software words: what firmware, programs and their settings are called, and the extensions such files have. Tables, nothing else.
// Keeps the patient-data rule the careful way round: a name is told when every word of it is here, not when it is on a list of people's names.

/**
 * Words of file names on embedded systems and servers. Inferred from what U-Boot, BusyBox, Linux, VxWorks, Windows and Cisco images ship, and
 * from the facts on the CMS8000's update (`monitor`, `update`, the share `/pm`). Words that are also common names of people are left out as
 * far as we know them (`lang`, `dat`).
 */
export const SOFTWARE_WORDS: ReadonlySet<string> = new Set([
  // Parts of a system.
  'firmware', 'fw', 'rom', 'bios', 'uefi', 'efi', 'flash', 'eeprom', 'nand', 'fpga', 'dsp', 'mcu', 'cpu', 'board', 'boot', 'bootloader', 'loader',
  'uboot', 'grub', 'kernel', 'vmlinux', 'vmlinuz', 'zimage', 'uimage', 'image', 'img', 'initrd', 'initramfs', 'root', 'rootfs', 'ramdisk',
  'squashfs', 'cramfs', 'jffs', 'ubi', 'ubifs', 'yaffs', 'system', 'sys', 'os', 'linux', 'windows', 'android', 'vxworks', 'recovery', 'rescue',
  // Programs and what starts them.
  'monitor', 'main', 'app', 'apps', 'application', 'program', 'prog', 'exe', 'bin', 'binary', 'lib', 'libs', 'module', 'modules', 'driver', 'drivers',
  'daemon', 'service', 'server', 'client', 'agent', 'shell', 'script', 'bash', 'busybox', 'command', 'cmd', 'run', 'start', 'startup', 'stop', 'init',
  'autorun', 'autoexec', 'install', 'installer', 'setup', 'uninstall', 'python', 'java', 'perl', 'php', 'node',
  // Updates and versions.
  'update', 'updates', 'updater', 'up', 'upd', 'upgrade', 'patch', 'hotfix', 'package', 'packages', 'pkg', 'release', 'version', 'ver', 'build', 'beta',
  'alpha', 'stable', 'final', 'old', 'new', 'test', 'demo', 'sample', 'empty', 'missing', 'dummy', 'temp', 'tmp', 'cache', 'download', 'upload',
  'manifest', 'checksum', 'sum', 'md', 'sha', 'crc', 'hash', 'sig', 'signature', 'readme', 'changelog', 'license', 'rfc',
  // Settings and data.
  'config', 'conf', 'cfg', 'configuration', 'settings', 'setting', 'param', 'params', 'parameter', 'parameters', 'default', 'defaults', 'factory', 'reset',
  'backup', 'restore', 'running', 'index', 'list', 'file', 'files', 'data', 'database', 'db', 'table', 'map', 'font', 'fonts', 'language',
  'logo', 'splash', 'icon', 'sound', 'log', 'logs', 'debug', 'web', 'www', 'html', 'http', 'https', 'cgi', 'net', 'network', 'wifi', 'wlan', 'eth', 'usb',
  'key', 'cert', 'certs', 'passwd', 'shadow', 'hosts', 'profile', 'fstab', 'inittab', 'proc', 'dev', 'etc', 'usr', 'var', 'opt', 'mnt', 'share',
  'export', 'pub', 'public', 'filler', 'bed', 'ward', 'device', 'tar', 'kb', 'mb', 'gb', 'hex',
  // Machines, makes of processors, and what the facts name.
  'arm', 'mips', 'ppc', 'amd', 'aarch', 'router', 'switch', 'phone', 'printer', 'gateway', 'pm', 'cms', 'nfs', 'tftp', 'ftp', 'eicar',
])

/** Extensions of programs, images to start from, archives, settings and texts. Another may be a surname: `john.doe`. */
export const SOFTWARE_EXTENSIONS: ReadonlySet<string> = new Set([
  'bin', 'exe', 'dll', 'sys', 'com', 'msi', 'bat', 'cmd', 'ps1', 'vbs', 'js', 'sh', 'py', 'pl', 'php', 'jar', 'apk', 'so', 'o', 'a', 'ko', 'elf', 'out', 'axf',
  'img', 'iso', 'rom', 'fw', 'hex', 'srec', 's19', 'mot', 'dfu', 'upd', 'upg', 'pkg', 'swu', 'ubi', 'ubifs', 'jffs2', 'squashfs', 'sqsh', 'cramfs', 'uimage',
  'trx', 'chk', 'dtb', 'bit', 'rbf', 'tar', 'gz', 'tgz', 'bz2', 'xz', 'lzma', 'zip', '7z', 'rar', 'cab', 'rpm', 'deb', 'ipk', 'cpio', 'zst', 'lz4',
  'conf', 'cfg', 'cnf', 'ini', 'inf', 'json', 'xml', 'yaml', 'yml', 'dat', 'db', 'sqlite', 'csv', 'txt', 'log', 'md',
  'md5', 'sha1', 'sha256', 'sig', 'asc', 'crt',
  'pem', 'der', 'key', 'html', 'htm', 'css', 'cgi', 'asp', 'aspx', 'jsp', 'lua', 'profile',
  'dmg', 'efi', 'run', 'scr', 'uf2', 'tmp', 'bak', 'old', 'new', 'swf', 'ico', 'svg', 'gif', 'ttf', 'wav',
])
