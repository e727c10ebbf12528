meta:
  id: linc
  title: linc neural video
  application: linc
  file-extension: linc
  license: CC0-1.0
  endian: le
  bit-endian: le
doc: |
  The sections of a .linc file and the fields of those with a fixed layout (clauses 4 to 6 of
  linc-1.0.md). Entropy-coded payloads are left as bytes. The enums are written by generate.py.
doc-ref: linc-1.0.md
seq:
  - id: signature
    contents: [0x89, "LNC", 0x0d, 0x0a, 0x1a, 0x0a]
  - id: sections
    type: section
    repeat: eos
types:
  section:
    seq:
      - id: kind
        type: str
        size: 4
        encoding: ASCII
      - id: len_payload
        type: u4
      - id: payload
        size: len_payload
        type:
          switch-on: kind
          cases:
            '"HEAD"': head
            '"ARCH"': arch
            '"SEGM"': segment
            '"mETa"': metadata
            '"qLTY"': quality
            '"aLGN"': alignment
            '"iNDX"': index
            '"DONE"': done
      - id: crc
        type: u4
        doc: CRC-32 of type, length and payload
  head:
    doc: clause 6.1
    seq:
      - id: version_written
        type: u2
      - id: version_needed
        type: u2
      - id: incompat
        type: u4
      - id: compat
        type: u4
      - id: width
        type: u4
      - id: height
        type: u4
      - id: n_frames
        type: u4
      - id: n_segments
        type: u4
      - id: fps
        type: ratio
      - id: sar_numerator
        type: u2
      - id: sar_denominator
        type: u2
      - id: bit_depth
        type: u1
      - id: primaries
        type: u1
      - id: transfer
        type: u1
      - id: matrix
        type: u1
      - id: full_range
        type: u1
      - id: rotation
        type: u1
      - id: chroma
        type: u1
        enum: chroma
      - id: reserved
        type: u1
      - id: max_params
        type: u8
      - id: max_symbols
        type: u8
  arch:
    doc: clause 6.2
    seq:
      - id: arch_id
        type: u2
        enum: architecture
      - id: arch_version
        type: u2
      - id: parameters
        type:
          switch-on: arch_id
          cases:
            'architecture::linc': arch_linc
            'architecture::latent_inr': arch_latent_inr
  arch_linc:
    doc: clause 6.2.2
    seq:
      - id: block
        type: u1
      - id: overlap
        type: u1
      - id: n_components
        type: u2
      - id: net_layers
        type: u1
      - id: net_stride
        type: u1
      - id: net_channels
        type: u2
      - id: net_latents
        type: u2
      - id: net_hidden
        type: u2
      - id: reserved
        type: u4
  arch_latent_inr:
    doc: clause 6.2.1
    seq:
      - id: encoding
        type: u1
      - id: layers
        type: u1
      - id: hidden
        type: u2
      - id: latent_dim
        type: u2
      - id: rank
        type: u2
      - id: modulated
        type: u4
      - id: sigma
        type: u1
        enum: sigma
      - id: hyper_layers
        type: u1
      - id: hyper_hidden
        type: u2
      - id: patch
        type: u1
      - id: kernel
        type: u1
      - id: frequencies
        type: u2
      - id: features
        type: u1
      - id: n_levels
        type: u1
      - id: reserved
        type: u2
      - id: levels
        type: level
        repeat: expr
        repeat-expr: n_levels
  level:
    seq:
      - id: scale
        type: f4
      - id: resolution
        type: u4
      - id: entries
        type: u4
      - id: hashed
        type: u1
  segment:
    doc: clause 6.4
    seq:
      - id: first_frame
        type: u4
      - id: n_frames
        type: u4
      - id: flags
        type: u1
      - id: reserved1
        type: u1
      - id: reserved2
        type: u2
      - id: n_tensors
        type: u2
      - id: reserved3
        type: u2
      - id: tensors
        type: tensor
        repeat: expr
        repeat-expr: n_tensors
  tensor:
    seq:
      - id: role
        type: u1
        enum: role
      - id: layer
        type: u1
      - id: mode
        type: u1
        enum: mode
      - id: bits
        type: u1
      - id: ndim
        type: u1
      - id: reserved1
        type: u1
      - id: reserved2
        type: u2
      - id: dims
        type: u4
        repeat: expr
        repeat-expr: ndim
      - id: payload_length
        type: u4
      - id: a
        type: f4
      - id: b
        type: f4
  metadata:
    doc: clause 6.10
    seq:
      - id: json
        type: str
        size-eos: true
        encoding: UTF-8
  quality:
    doc: clause 6.9
    seq:
      - id: psnr_rgb
        type: f4
      - id: psnr_yuv
        type: f4
      - id: ms_ssim
        type: f4
      - id: tolerance_rms
        type: f4
      - id: tolerance_peak
        type: f4
      - id: n
        type: u4
      - id: psnr
        type: f4
        repeat: expr
        repeat-expr: n
      - id: device
        type: text8
  alignment:
    doc: clause 6.13, up to the heads
    seq:
      - id: model
        type: text8
      - id: revision
        size: 32
      - id: preprocessing
        type: text8
      - id: dimension
        type: u2
      - id: kind
        type: u1
      - id: reserved
        type: u1
      - id: scale
        type: f4
      - id: weight
        type: f4
      - id: cosine
        type: f4
      - id: rest
        size-eos: true
  index:
    doc: clause 6.11
    seq:
      - id: entries
        type: entry
        repeat: eos
  entry:
    seq:
      - id: first_frame
        type: u4
      - id: n_frames
        type: u4
      - id: offset
        type: u8
      - id: length
        type: u8
      - id: flags
        type: u4
  done:
    doc: clause 6.12
    seq:
      - id: total_length
        type: u8
      - id: index_offset
        type: u8
      - id: n_sections
        type: u4
      - id: sha256
        size: 32
  ratio:
    seq:
      - id: numerator
        type: u4
      - id: denominator
        type: u4
  text8:
    seq:
      - id: len_text
        type: u1
      - id: text
        type: str
        size: len_text
        encoding: UTF-8
# enums: written by generate.py from registry.toml
enums:
  architecture:
    1: latent_inr
    2: linc
  sigma:
    0: sigmoid
    1: tanh
    2: linear
  role:
    1: spectral
    2: latent
    3: net_weight
    4: net_bias
    5: hyper_weight
    6: hyper_bias
    7: head_weight
    8: head_bias
    16: encoding
    17: base_weight
    18: base_bias
    19: patch_weight
    20: patch_bias
    24: motion
    26: pictures
  mode:
    0: raw
    1: const
    2: minmax
    3: lattice
    4: spectral
    5: field
    6: partitioned
  chroma:
    0: grey
    1: yuv420
    2: yuv422
    3: yuv444
