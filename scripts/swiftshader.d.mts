export declare const softwareGpuExists: boolean;

export declare function softwareVulkan(): { LD_LIBRARY_PATH: string; VK_DRIVER_FILES: string; VK_ICD_FILENAMES: string };

export declare function softwareChromium(): {
  executablePath: string;
  args: string[];
  env: { LD_LIBRARY_PATH: string; FONTCONFIG_PATH: string };
};
